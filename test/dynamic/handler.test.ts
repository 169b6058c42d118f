import { z } from "zod";
import { EngineWatch } from "../../providers/dynamic/engine";
import { redact, stringsOf } from "../../providers/dynamic/failure";
import { handler } from "../../providers/dynamic/handler";
import type { Kind, Operation } from "../../providers/dynamic/kind";
import { withReasonsFirst } from "../../providers/dynamic/reasons";
import { providerText, typeToken } from "../../providers/dynamic/token";
import { unknownValue } from "../../providers/dynamic/values";
import { configured, type Provider } from "../support/provider";

const schema = z.strictObject({
  owner: z.string(),
  name: z.string(),
  size: z.int().default(1),
  list: z.array(z.int()).optional(),
  password: z.string().optional(),
  timeouts: z.strictObject({ create: z.number().optional() }).optional(),
});
type Inputs = z.output<typeof schema>;
interface Outputs {
  address: string | undefined;
}

const kind: Kind<Inputs, Outputs> = {
  token: "test:Thing",
  schema,
  parse: (inputs) => schema.parse(inputs),
  timeouts: { create: 5, read: 5, update: 5, delete: 5 },
  impacts: {
    owner: "none",
    name: "none",
    size: "restart",
    list: "none",
    password: "none",
    timeouts: "none",
  },
  secrets: ["password"],
  refuse: (olds, news) =>
    news.size < olds.size
      ? [{ property: "size", reason: "cannot shrink" }]
      : [],
  replaces: (_olds, _news, changed) => changed.filter((key) => key === "list"),
  create: async () => ({ id: "1", outputs: { address: "a" } }),
  read: async (_id, inputs) => ({ inputs, outputs: { address: "a" } }),
  update: async () => ({ address: "b" }),
  delete: async () => undefined,
};

const credentials = JSON.stringify({
  pve: { proxmox: { token: "u@pve!t=0123-secret-token" } },
});
const make = (
  changes: Partial<Kind<Inputs, Outputs>> = {},
  engine = new EngineWatch(undefined),
): Provider =>
  configured(handler({ ...kind, ...changes }, engine), (key) =>
    key === "hybrid-site:credentials" ? credentials : undefined,
  );
const inputs = { __provider: "text", owner: "o", name: "thing" };

test("as many may wait for the deadline as do something at once, without a warning", async () => {
  const warned = jest.fn();
  process.on("warning", warned);
  const create: (typeof kind)["create"] = async (_inputs, { signal }) => {
    for (let count = 0; count < 30; count += 1)
      signal.addEventListener("abort", () => count);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { id: "1", outputs: { address: "a" } };
  };
  try {
    await make({ create }).create(inputs);
    expect(warned).not.toHaveBeenCalled();
  } finally {
    process.off("warning", warned);
  }
});

test("the provider's text is constant, short and evaluates to the kind", () => {
  const text = providerText("proxmox:VirtualMachine");
  expect(text).toBe(
    'exports.handler = () => require("./providers/entry.cjs")("proxmox:VirtualMachine")',
  );
  expect(text.length).toBeLessThan(200);
  expect(typeToken("proxmox:VirtualMachine")).toBe(
    "pulumi-nodejs:dynamic/proxmox:VirtualMachine",
  );
});

test("configure stores at once: a call right after it has its configuration", async () => {
  let seen: unknown;
  const provider = handler(
    {
      ...kind,
      create: async (_inputs, { configuration }) => {
        seen = configuration.credentials;
        return { id: "1", outputs: { address: "a" } };
      },
    },
    new EngineWatch(undefined),
  ) as unknown as Provider;
  provider.configure?.({ config: { get: () => credentials } });
  await provider.create(inputs);
  expect(seen).toEqual(JSON.parse(credentials));
});

describe("check", () => {
  test("names the property of each problem, and never its value", async () => {
    const { failures } = await make().check(
      {},
      {
        ...inputs,
        size: "secret-value",
        list: ["secret-value"],
        colour: "secret-value",
      },
    );
    expect(failures?.map(({ property }) => property).sort()).toEqual([
      "",
      "list.0",
      "size",
    ]);
    expect(JSON.stringify(failures)).not.toContain("secret-value");
    expect(JSON.stringify(failures)).toContain("colour");
  });
  test("takes an unknown for any type, at any depth, and still sees the rest", async () => {
    const { failures } = await make().check(
      {},
      { ...inputs, size: unknownValue, list: [unknownValue, "x"] },
    );
    expect(failures?.map(({ property }) => property)).toEqual(["list.1"]);
  });
  test("refuses at preview what has no path, and not before the first creation", async () => {
    expect(
      (await make().check({ ...inputs, size: 5 }, { ...inputs, size: 4 }))
        .failures,
    ).toEqual([{ property: "size", reason: "cannot shrink" }]);
    expect((await make().check({}, { ...inputs, size: 4 })).failures).toEqual(
      [],
    );
  });
});

describe("words", () => {
  const update = jest.fn(async () => ({ address: "b" }));
  const called: Partial<Kind<Inputs, Outputs>> = {
    wording: ["list"],
    worded: (text, known) =>
      text.replaceAll("sda", `bay ${known.map(({ list }) => list).join("/")}`),
    replaces: undefined,
    update,
  };
  const olds = { ...inputs, size: 2, list: [1], address: "a" };
  beforeEach(() => update.mockClear());

  test("that alone change are recorded without a look at the device", async () => {
    const news = { ...inputs, size: 2, list: [2] };
    const provider = make(called);
    expect(await provider.diff("1", olds, news)).toMatchObject({
      changes: true,
      replaces: [],
    });
    expect(await provider.update("1", olds, news)).toEqual({
      outs: { ...news, address: "a" },
    });
    expect(update).not.toHaveBeenCalled();
  });

  test("change with what is to be done, or was not finished, in an update like any other", async () => {
    const provider = make(called);
    await provider.update("1", olds, { ...inputs, size: 3, list: [2] });
    expect(update).toHaveBeenCalledTimes(1);
    update.mockRejectedValueOnce(new Error("sda is gone"));
    const failed = await provider
      .update("1", olds, { ...inputs, size: 3, list: [2] })
      .catch((error) => error);
    expect(failed.message).toBe(
      'Unable to update Thing "thing": bay 1/2 is gone',
    );
    const { outs } = await provider.update("1", failed.properties, {
      ...inputs,
      size: 3,
      list: [4],
    });
    expect(update).toHaveBeenCalledTimes(3);
    expect(outs).not.toHaveProperty("unfinished");
  });

  test("are in what a check refuses, too", async () => {
    const { failures } = await make({
      ...called,
      refuse: () => [{ property: "size", reason: "sda would go" }],
    }).check(olds, { ...inputs, size: 2, list: [3] });
    expect(failures).toEqual([
      { property: "size", reason: "bay 1/3 would go" },
    ]);
  });

  test("of a refusal stand before no value: the engine would print it whole", async () => {
    const { check } = withReasonsFirst(
      handler(kind, new EngineWatch(undefined)),
    );
    expect(
      await check?.({ ...inputs, size: 5 }, { ...inputs, size: 4 }),
    ).toEqual({
      inputs: { owner: "o", name: "thing", size: 4 },
      failures: [{ property: "", reason: "size: cannot shrink" }],
    });
  });
});

describe("diff", () => {
  test("is quiet when only a default is spelt out, or an undefined key appears", async () => {
    expect(
      (
        await make().diff(
          "1",
          { ...inputs, address: "a" },
          { ...inputs, size: 1, list: undefined },
        )
      ).changes,
    ).toBe(false);
  });
  test("an unknown is a change, a key of the outputs is none", async () => {
    expect(
      (await make().diff("1", inputs, { ...inputs, size: unknownValue }))
        .changes,
    ).toBe(true);
    expect(
      (await make().diff("1", { ...inputs, address: "z" }, inputs)).changes,
    ).toBe(false);
  });
  test("a replacement deletes first", async () => {
    expect(
      await make().diff(
        "1",
        { ...inputs, list: [1] },
        { ...inputs, list: [2] },
      ),
    ).toEqual({ changes: true, replaces: ["list"], deleteBeforeReplace: true });
  });
  test("state of an older schema is a change, not a crash", async () => {
    expect(
      (await make().diff("1", { ...inputs, size: "huge" }, inputs)).changes,
    ).toBe(true);
  });
});

describe("outputs", () => {
  test("hold all inputs and no undefined, after create and update", async () => {
    const provider = make({
      create: async () => ({ id: "1", outputs: { address: undefined } }),
    });
    expect(await provider.create({ ...inputs, list: undefined })).toEqual({
      id: "1",
      outs: inputs,
    });
    expect(await provider.update("1", inputs, { ...inputs, size: 2 })).toEqual({
      outs: { ...inputs, size: 2, address: "b" },
    });
  });
  test("read answers inputs too, and nothing for what is gone", async () => {
    expect(await make().read("1", { ...inputs, address: "x" })).toMatchObject({
      id: "1",
      props: { name: "thing", address: "a" },
      inputs: { name: "thing" },
    });
    expect(
      await make({ read: async () => undefined }).read("1", inputs),
    ).toEqual({});
  });
});

describe("failure", () => {
  const failing = (error: Error, before?: (operation: Operation) => void) =>
    make({
      create: async (_inputs, operation) => {
        before?.(operation);
        throw error;
      },
    });

  test("before the thing exists is a plain error that says what was done to what", async () => {
    const error = await failing(new Error("no space"))
      .create(inputs)
      .catch((caught: unknown) => caught as Error);
    expect(error).toMatchObject({
      message: 'Unable to create Thing "thing": no space',
      stack: "",
    });
    expect(error).not.toHaveProperty("id");
  });
  test("after it exists is recorded with id, all properties and the provider's text", async () => {
    const error = await failing(new Error("no power"), (operation) =>
      operation.exists("7", { address: "x" }),
    )
      .create(inputs)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      id: "7",
      properties: { __provider: "text", name: "thing", address: "x" },
      reasons: ['Unable to create Thing "thing": no power'],
    });
  });
  test("of an update keeps the outputs there were", async () => {
    const provider = make({
      update: async () => {
        throw new Error("no");
      },
    });
    await expect(
      provider.update(
        "1",
        { ...inputs, address: "kept" },
        { ...inputs, size: 3 },
      ),
    ).rejects.toMatchObject({
      id: "1",
      properties: { size: 3, address: "kept" },
    });
  });
  test("shows neither a secret input nor a credential", async () => {
    const message =
      "refused hunter22 for u@pve!t=0123-secret-token and 0123-secret-token";
    await expect(
      failing(new Error(message)).create({ ...inputs, password: "hunter22" }),
    ).rejects.toThrow("refused [secret] for [secret] and [secret]");
  });
  test("of our own code shows where", async () => {
    await expect(
      failing(new TypeError("x is not a function")).create(inputs),
    ).rejects.toThrow(/TypeError: x is not a function\n\s+at /);
  });
});

test("a deadline from the timeouts input ends the wait and says so", async () => {
  const provider = make({
    create: (_inputs, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      ),
  });
  await expect(
    provider.create({ ...inputs, timeouts: { create: 0.05 } }),
  ).rejects.toThrow("create took over 0.05 s");
});

test("redaction takes the longest first and leaves short words", () => {
  expect(redact("abcdef abcdefgh ab", ["abcdef", "abcdefgh", "ab"])).toBe(
    "[secret] [secret] ab",
  );
  expect(stringsOf({ a: ["x", { b: "u!t=uuid" }], c: 1 })).toEqual([
    "x",
    "u!t=uuid",
    "uuid",
  ]);
  // An account that is called as the product is would hide every path of it.
  const account = { username: "hybrid-site", agent: "/run/x", password: "p" };
  expect(stringsOf({ host: { ssh: account } })).toEqual(["p"]);
});

test("what a kind tells is shown with the resource's name, and without secrets", async () => {
  const write = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const provider = make({
    create: async (_inputs, { tell }) => {
      tell("0123-secret-token and hunter22 go into it");
      return { id: "1", outputs: { address: "a" } };
    },
  });
  await provider.create({ ...inputs, password: "hunter22" });
  expect(write).toHaveBeenCalledWith(
    'Thing "thing": [secret] and [secret] go into it\n',
  );
  write.mockRestore();
});

test("a change is told in the kind's words, without secrets, and nothing of what stays or is not known yet", async () => {
  const said = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const provider = make({
    words: (olds, news) => [
      `size ${olds.size} -> ${news.size}, ${olds.password} -> ${news.password}`,
    ],
  });
  const olds = { ...inputs, password: "hunter11" };
  const news = { ...inputs, password: "hunter22", size: 2 };
  await provider.diff("1", olds, olds);
  await provider.diff("1", olds, { ...news, size: unknownValue });
  // The list needs a new thing.
  await provider.diff("1", olds, { ...news, list: [1] });
  await provider.diff("1", olds, news);
  const shown = said.mock.calls.flat();
  said.mockRestore();
  expect(shown).toEqual(['Thing "thing": size 1 -> 2, [secret] -> [secret]\n']);
});
