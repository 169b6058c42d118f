import { setTimeout as sleep } from "node:timers/promises";
import { utils } from "ssh2";
import type { HostError, Machine } from "../../providers/host/client";
import { connect } from "../../providers/host/connection";
import {
  loginKey,
  operationOf,
  strangersKey,
  type TestHost,
  testHost,
} from "../support/host";

jest.setTimeout(60_000);
const signal = new AbortController().signal;
const spec = { owner: "root", group: "root", mode: "0644" };
const failure = (work: Promise<unknown>) =>
  work.then(
    () => new Error("it did not fail"),
    (error: unknown) => error as HostError,
  );

describe.each(["root", "ops"] as const)("logged in as %s", (login) => {
  let host: TestHost;
  let machine: Machine;
  beforeAll(async () => {
    host = await testHost({ login, sudo: true });
    machine = host.machine;
  });
  afterEach(() => host.lab.faults.clear());
  afterAll(() => host.stop());

  test("a file is written, read, looked at, listed and removed", async () => {
    const path = "/etc/x/it's $(a) file";
    await machine.run(["mkdir", "-p", "/etc/x"], { signal });
    const content = Buffer.from([0, 255, 10, 13, 39]);
    await machine.write(path, { ...spec, mode: "0640", content }, signal);
    expect(await machine.read(path, signal)).toEqual(content);
    const facts = { owner: "root", group: "root", mode: "0640", size: 5 };
    expect(await machine.stat([path], signal)).toEqual(
      new Map([[path, { kind: "file", ...facts }]]),
    );
    expect(await machine.list("/etc/x", signal)).toEqual(["it's $(a) file"]);
    await machine.remove(path, signal);
    expect(await machine.list("/etc/x", signal)).toEqual([]);
  });

  test("a program waits for the input that is promised to it", async () => {
    let give: (data: Buffer) => void = () => undefined;
    const stdin = new Promise<Buffer>((resolve) => {
      give = resolve;
    });
    const ends = ["one", "two"].map(() =>
      machine.run(["cat"], { signal, stdin }),
    );
    const first = await Promise.race([...ends, sleep(300, "waits")]);
    expect(first).toBe("waits");
    give(Buffer.from("data"));
    for (const end of ends) expect((await end).stdout).toBe("data");
  });

  test("what is not there is an answer", async () => {
    expect(await machine.list("/etc/y", signal)).toBeUndefined();
    expect(await machine.read("/etc/gone", signal)).toBeUndefined();
    expect(await machine.stat(["/etc/gone"], signal)).toEqual(new Map());
    expect(await machine.sha256(["/etc/gone"], signal)).toEqual(new Map());
    await machine.remove("/etc/gone", signal);
  });

  test("hashes, and what is at paths, come in one command each, of those that are there", async () => {
    const content = "hello\n";
    await machine.write("/etc/one", { ...spec, content }, signal);
    host.commands();
    expect(await machine.sha256(["/etc/one", "/etc/none"], signal)).toEqual(
      new Map([
        [
          "/etc/one",
          "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
        ],
      ]),
    );
    const found = await machine.stat(["/etc/one", "/etc/none", "/"], signal);
    expect([...found].map(([path, { kind }]) => [path, kind])).toEqual([
      ["/etc/one", "file"],
      ["/", "directory"],
    ]);
    expect(host.commands()).toHaveLength(2);
    await machine.stat([], signal);
    expect(host.commands()).toEqual([]);
  });

  test("a file is the old one whenever its writing fails, and nothing is left beside it", async () => {
    const write = (content: string) =>
      machine.write("/etc/kept", { ...spec, content }, signal);
    await write("old");
    for (const match of ["install", "sync", "mv"]) {
      host.fault({ kind: "fails", match, text: "No space left on device" });
      expect((await failure(write("new"))).message).toMatch(
        /ended with 1: No space left on device/,
      );
    }
    expect(`${await machine.read("/etc/kept", signal)}`).toBe("old");
    expect(await machine.list("/etc", signal)).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/\.new$/)]),
    );
  });

  test("eight commands at once go over one connection", async () => {
    const many = Array.from({ length: 8 }, () =>
      machine.run(["whoami"], { signal }),
    );
    for (const { stdout } of await Promise.all(many))
      expect(stdout).toBe("root\n");
  });

  test("many who want one lock take no more sessions than sshd gives, and none waits in vain", async () => {
    const order: number[] = [];
    const hold = (number: number) =>
      machine.exclusively("/run/lock/x", signal, async () => {
        order.push(number);
        const looks = Array.from({ length: 8 }, () =>
          machine.run(["true"], { signal }),
        );
        await Promise.all(looks);
        order.push(number);
      });
    const all = Array.from({ length: 12 }, (_none, number) => number);
    await Promise.all(all.map(hold));
    expect(order).toEqual(all.flatMap((number) => [number, number]));
  });

  test("who gives up waiting for a lock does not wait until it is free", async () => {
    const flock = ["flock", "--exclusive", "/run/lock/y", "true"] as const;
    host.fault({ kind: "slow", match: "true", ms: 8_000 });
    const other = machine.run(flock, { signal }).catch(() => undefined);
    const begun = Date.now();
    const waits = machine.exclusively(
      "/run/lock/y",
      AbortSignal.timeout(500),
      async () => undefined,
    );
    expect((await failure(waits)).name).toBe("TimeoutError");
    expect(Date.now() - begun).toBeLessThan(4_000);
    await other;
  });

  test("an unknown tool is told to be installed", async () => {
    const { message } = await failure(machine.run(["zpol"], { signal }));
    expect(message).toBe(
      '"zpol" on host "storage" ended with 127: zpol: command not found. Install zpol on "storage"',
    );
  });

  test("a lock is one's own while it is held, and free when its holder's connection goes", async () => {
    const order: string[] = [];
    const hold = (name: string) =>
      machine.exclusively("/run/lock/x", signal, async () => {
        order.push(name);
        await machine.run(["true"], { signal });
        order.push(name);
      });
    await Promise.all([hold("one"), hold("other")]);
    expect([order[0], order[2]]).toEqual([order[1], order[3]]);
    const cut = machine.exclusively(
      "/run/lock/x",
      signal,
      (held) =>
        new Promise((_resolve, reject) => {
          held.addEventListener("abort", () => reject(held.reason));
          host.lab.cut();
        }),
    );
    expect(await failure(cut)).toMatchObject({ kind: "lost" });
    await machine.exclusively("/run/lock/x", signal, async () => undefined);
  });

  test("a connection that goes in the middle: a look is repeated, an act is not", async () => {
    host.fault({ kind: "cut-after", match: "cat /etc/one" });
    expect(`${await machine.read("/etc/one", signal)}`).toBe("hello\n");
    host.fault({ kind: "cut-after", match: "mkdir" });
    host.commands();
    const act = machine.run(["mkdir", "/etc/twice"], { signal });
    expect(await failure(act)).toMatchObject({ kind: "lost" });
    expect(host.commands()).toHaveLength(1);
  });

  test("a machine that has started anew meanwhile is reached again", async () => {
    host.lab.reboot();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await machine.run(["whoami"], { signal })).stdout).toBe("root\n");
  });

  test("who gives up does not wait for what runs", async () => {
    host.fault({ kind: "slow", match: "true", ms: 20_000 });
    const begun = Date.now();
    const work = machine.run(["true"], { signal: AbortSignal.timeout(300) });
    expect((await failure(work)).name).toBe("TimeoutError");
    expect(Date.now() - begun).toBeLessThan(5_000);
  });
});

describe("access", () => {
  let host: TestHost;
  beforeAll(async () => {
    host = await testHost();
  });
  afterAll(() => host.stop());

  /** The error of a first command with this changed of the configuration. */
  async function refusal(
    endpoint: Record<string, unknown>,
    credential: Record<string, unknown> = {},
    until = signal,
  ): Promise<Error> {
    const [endpoints, credentials] = ["endpoints", "credentials"].map(
      (key) =>
        JSON.parse(host.configuration(`hybrid-site:${key}`) ?? "") as {
          storage: { ssh: object };
        },
    );
    const changed = (key: string) =>
      JSON.stringify(
        key === "hybrid-site:endpoints"
          ? { storage: { ssh: { ...endpoints?.storage.ssh, ...endpoint } } }
          : {
              storage: { ssh: { ...credentials?.storage.ssh, ...credential } },
            },
      );
    return failure(
      (async () => {
        const machine = connect(operationOf(changed), "storage");
        await machine.run(["true"], { signal: until });
      })(),
    );
  }

  test("another host key than the pinned one is refused, with both told apart", async () => {
    const other = utils.generateKeyPairSync("ed25519").public;
    const { message } = await refusal({ hostKeys: [other] });
    expect(message).toMatch(
      /its host key is SHA256:\S+, which is none of hybrid-site:endpoints\.storage\.ssh\.hostKeys/,
    );
  });

  test("of two pinned keys one is enough, as while a key is changed", async () => {
    const other = utils.generateKeyPairSync("ed25519").public;
    const error = await refusal({
      hostKeys: [other, host.lab.endpoint.hostKey],
    });
    expect(error.message).toBe("it did not fail");
  });

  test("a machine without a key of the pinned type is refused", async () => {
    const rsa = utils.generateKeyPairSync("rsa", { bits: 2_048 }).public;
    const { message } = await refusal({ hostKeys: [rsa] });
    expect(message).toMatch(/no host key of the pinned types \(rsa-sha2-512/);
  });

  test("a key that the account does not know is told, and not printed", async () => {
    const { message } = await refusal({}, { privateKey: strangersKey });
    expect(message).toMatch(/does not let "root" in with the key/);
    expect(message).not.toContain("PRIVATE KEY");
  });

  test("a key that is none is told with its place, and not printed", async () => {
    const { message } = await refusal({}, { privateKey: "hunter2-no-key" });
    expect(message).toMatch(
      /^Unable to use hybrid-site:credentials\.storage\.ssh: Cannot parse privateKey/,
    );
    expect(message).not.toContain("hunter2");
  });

  test("a deadline that comes between two tries says what was tried", async () => {
    const error = await refusal({ port: 1 }, {}, AbortSignal.timeout(200));
    expect(error.message).toMatch(/timeout; Unable to reach host "storage"/);
  });

  /** Logged in under another name. */
  const as = (username: string) => {
    const credentials = JSON.stringify({
      storage: { ssh: { username, privateKey: loginKey.private } },
    });
    const stack = (key: string) =>
      key === "hybrid-site:credentials" ? credentials : host.configuration(key);
    return connect(operationOf(stack), "storage");
  };

  test.each<[string, (machine: Machine) => Promise<unknown>]>([
    ["runs", (machine) => machine.run(["true"], { signal })],
    ["reads", (machine) => machine.read("/etc/hostname", signal)],
    ["looks", (machine) => machine.stat(["/etc"], signal)],
    ["lists", (machine) => machine.list("/etc", signal)],
  ])(
    "an account without sudo that %s is told what it lacks",
    async (_what, act) => {
      expect((await failure(act(as("guest")))).message).toMatch(
        /on host "storage" ended with 1: sudo: a password is required.*docs\/host-access\.md/,
      );
    },
  );

  test("an account with the shipped sudoers file may do what is in it, and nothing else", async () => {
    const machine = as("ops");
    await machine.run(["install", "--directory", "/etc/z"], { signal });
    const lock = "/run/lock/hybrid-site.lck";
    await machine.exclusively(lock, signal, async () => undefined);
    const other = machine.exclusively("/run/x", signal, async () => undefined);
    expect((await failure(other)).message).toMatch(/a password is required/);
    const shell = machine.run(["sh", "-c", "true"], { signal });
    expect((await failure(shell)).message).toMatch(/a password is required/);
  });

  test("nobody listens: told after a few tries", async () => {
    const { message } = await refusal({ port: 1 });
    expect(message).toMatch(
      /Unable to reach host "storage" by SSH \(127\.0\.0\.1:1\): .*ECONNREFUSED/,
    );
  });

  test.each([
    ["a host key that is none", { hostKeys: ["ssh-ed25519 AAAA"] }],
    ["no host key", { hostKeys: [] }],
    ["a port that is none", { port: 0 }],
  ])("%s is refused before anything is sent", async (_what, endpoint) => {
    const { message } = await refusal(endpoint);
    expect(message).toMatch(/Unable to read configuration/);
  });

  test("over a bastion, whose host key is held too", async () => {
    const bastion = await testHost({ spec: { name: "bastion" } });
    const stack = (hostKeys?: string[]) => (key: string) => {
      const [near, far] = [bastion, host].map(
        ({ configuration }) =>
          (
            JSON.parse(configuration(key) ?? "") as {
              storage: { ssh: Record<string, unknown> };
            }
          ).storage.ssh,
      );
      if (key === "hybrid-site:credentials")
        return JSON.stringify({ bastion: { ssh: near }, far: { ssh: far } });
      return JSON.stringify({
        bastion: { ssh: { ...near, ...(hostKeys && { hostKeys }) } },
        far: { ssh: { ...far, bastion: "bastion" } },
      });
    };
    try {
      const machine = connect(operationOf(stack()), "far");
      host.commands();
      expect((await machine.run(["whoami"], { signal })).stdout).toBe("root\n");
      expect([host.commands().length, bastion.commands()]).toEqual([1, []]);
      const other = [utils.generateKeyPairSync("ed25519").public];
      const doubtful = connect(operationOf(stack(other)), "far");
      expect(
        (await failure(doubtful.run(["whoami"], { signal }))).message,
      ).toMatch(/Unable to reach host "bastion".*host key/);
    } finally {
      await bastion.stop();
    }
  });

  test("a way that leads over itself is refused", async () => {
    const { message } = await refusal({ bastion: "storage" });
    expect(message).toMatch(/its way leads over itself \(storage -> storage\)/);
  });
});
