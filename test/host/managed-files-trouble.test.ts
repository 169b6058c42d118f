import {
  type FilesHost,
  filesHost,
  filesInputs,
  plain,
  secret,
} from "../support/managed-files";

jest.setTimeout(600_000);

let host: FilesHost;
beforeEach(async () => {
  host = await filesHost();
});
afterEach(() => host.stop());

const canary = "CANARY-hunter2";
const message = async (work: Promise<unknown>) =>
  work.then(
    () => "",
    (error: Error) => `${error.message} ${JSON.stringify(error)}`,
  );

test("files that do not pass validation never go live, and its words are shown without secrets", async () => {
  const { id, props } = await host.create();
  const before = host.everything();
  const told = await message(
    host.files.update(
      id,
      props,
      filesInputs({
        files: [
          { ...plain, content: "one=2\n" },
          { ...secret, secretContent: `invalid pw=${canary}-2, all of it\n` },
        ],
      }),
    ),
  );
  expect(told).toContain(
    'Unable to update ManagedFiles "app": on host "storage" "check --all /etc/app/one.conf /etc/app.key" refuses the new files (exit code 3): /etc/app.key: I do not like "[secret]". Nothing has changed on the host',
  );
  expect(
    told.replaceAll(`"secretContent":"invalid pw=${canary}-2`, ""),
  ).not.toContain(canary);
  expect(host.everything()).toEqual(before);
  expect(host.loaded).toHaveLength(1);
});

test("a first creation that does not pass leaves nothing at all", async () => {
  const before = host.everything();
  const files = [{ ...plain, content: "invalid\n" }];
  await expect(host.create(filesInputs({ files }))).rejects.toThrow(
    "refuses the new files",
  );
  expect(host.everything()).toEqual(before);
});

test("a reload that fails takes all back, is run again, and its words are shown without secrets", async () => {
  host.put(plain.path, "theirs", {
    owner: "nobody",
    group: "adm",
    mode: "0640",
  });
  const { id, props } = await host.create(
    filesInputs({ adopt: true, files: [plain] }),
  );
  const before = host.everything();
  const told = await message(
    host.files.update(
      id,
      props,
      filesInputs({
        adopt: true,
        files: [
          { path: "/etc/fresh/x", content: "" },
          { ...secret, secretContent: `a\nunloadable ${canary}\n` },
        ],
      }),
    ),
  );
  expect(told).toContain(
    '"reload app" does not go with the new files (exit code 4): cannot load: [secret]. The files are as they were before, and it was run again with them',
  );
  expect(host.everything()).toEqual(before);
  expect(host.rights(plain.path)).toEqual({
    owner: "root",
    group: "root",
    mode: "0644",
  });
  expect(host.loaded).toEqual([plain.content, plain.content]);
});

/** What no input of the files can say: the state reads them as nobody's, and they are ours. */
test("files that a cut change left are taken away after two refreshes, too", async () => {
  const nothing = host.everything();
  const { id, props } = await host.create();
  const news = filesInputs({
    files: [{ ...plain, content: "one=2\n" }, secret],
  });
  const cut = { kind: "cut-after", match: "install --owner" } as const;
  host.fault({ ...cut, after: 2, count: 1_000 });
  await expect(host.files.update(id, props, news)).rejects.toThrow();
  host.lab.faults.clear();
  let found = props;
  for (const _ of ["once", "and again"])
    found = (await host.files.read(id, found)).props ?? {};
  expect(found).toMatchObject({ owner: "", mark: props.owner });
  await host.files.delete(id, found);
  expect(host.everything()).toEqual(nothing);
});

test("files of another owner stay, and that is told", async () => {
  const { id, props } = await host.create();
  const before = host.everything();
  const theirs = { ...props, owner: "other/ManagedFiles/app", mark: undefined };
  const told = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  await host.files.delete(id, theirs);
  expect(told.mock.calls.join()).toMatch(/belong to .*app.* and stay/);
  told.mockRestore();
  expect(host.everything()).toEqual(before);
});

test("a deletion whose reload fails keeps the files, a later one removes them", async () => {
  const { id, props } = await host.create();
  const before = host.everything();
  host.fault({ kind: "fails", match: "reload", text: "not now", code: 7 });
  await expect(host.files.delete(id, props)).rejects.toThrow(
    "(exit code 7): not now. The files are as they were before",
  );
  expect(host.everything()).toEqual(before);
  await host.files.delete(id, props);
  expect(host.text(plain.path)).toBeUndefined();
});

test("a full disk while the files are sent, or put beside, changes nothing", async () => {
  const { id, props } = await host.create();
  const before = host.everything();
  const news = filesInputs({
    files: [{ ...plain, content: "one=2\n" }, secret],
  });
  const text = "install: error writing: No space left on device";
  for (const after of [1, 3]) {
    host.fault({ kind: "fails", match: "install --owner", after, text });
    await expect(host.files.update(id, props, news)).rejects.toThrow(
      /No space left on device. Nothing has changed on the host/,
    );
    const rest = host.everything();
    delete rest["/var/lib/hybrid-site/app/manifest.json"];
    expect(before).toMatchObject(rest);
  }
  await host.files.update(id, props, news);
  expect(host.text(plain.path)).toBe("one=2\n");
});

test("a deadline says what was waited for, and all is taken back", async () => {
  const { id, props } = await host.create();
  host.fault({ kind: "slow", match: "reload", ms: 20_000 });
  const news = filesInputs({
    files: [{ ...plain, content: "one=2\n" }],
    timeouts: { update: 12 },
  });
  await expect(host.files.update(id, props, news)).rejects.toThrow(
    'update took over 12 s, while "reload app" ran. The files are as they were before',
  );
  expect(host.text(plain.path)).toBe(plain.content);
  expect(host.text(secret.path)).toBe(secret.secretContent);
});

test("no secret is on a command line, in the host's notes or in what the provider says", async () => {
  const said: string[] = [];
  const write = jest
    .spyOn(process.stdout, "write")
    .mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
  try {
    const { id, props } = await host.create();
    host.put(secret.path, "drifted to CANARY-theirs");
    const found = await host.files.read(id, props);
    expect(JSON.stringify(found)).not.toContain("CANARY");
    await host.files.update(id, found.props ?? {}, filesInputs());
    const places = Object.entries(host.everything()).filter(([, text]) =>
      text.includes("CANARY"),
    );
    expect(places.map(([path]) => path)).toEqual([secret.path]);
    const parts =
      host.everything()["/var/lib/hybrid-site/app/manifest.json"] ?? "";
    expect(parts).not.toMatch(/[0-9a-f]{40}/);
    await host.files.delete(id, props);
  } finally {
    write.mockRestore();
  }
  expect(said.join("")).toContain("/etc/app.key has another content");
  expect(said.join("")).not.toContain("CANARY");
  expect(host.commands().join("\n")).not.toContain("CANARY");
});

const old = filesInputs({ adopt: true, files: [plain, secret] });
const news = filesInputs({
  adopt: true,
  files: [
    { ...plain, content: "one=2\n", mode: "0640" },
    { path: "/etc/fresh/deep/x", content: "x" },
    { path: "/etc/theirs", content: "ours" },
  ],
});
const newTexts = {
  [plain.path]: "one=2\n",
  [secret.path]: undefined,
  "/etc/fresh/deep/x": "x",
  "/etc/theirs": "ours",
};
const allowed: Record<string, (string | undefined)[]> = {
  [plain.path]: [plain.content, "one=2\n"],
  [secret.path]: [secret.secretContent, undefined],
  "/etc/fresh/deep/x": [undefined, "x"],
  "/etc/theirs": ["theirs", "ours"],
};
const texts = () =>
  Object.fromEntries(
    Object.keys(allowed).map((path) => [path, host.text(path)]),
  );

async function commandsOf(work: () => Promise<unknown>): Promise<number> {
  host.commands();
  await work();
  // A line may hold several.
  return host.commands().flatMap((line) => line.split(" && ")).length;
}

/** Each file is the old or the new one after a crash; then the next run makes it whole. */
async function sweep(
  bend: (after: number) => void,
  share: (all: number) => number[],
  isMadeUpFor: boolean,
) {
  host.put("/etc/theirs", "theirs", {
    owner: "nobody",
    group: "nogroup",
    mode: "0604",
  });
  const begin = host.everything();
  const first = await host.create(old);
  const start = host.everything();
  let updated: Record<string, unknown> = {};
  const count = await commandsOf(async () => {
    updated = (await host.files.update(first.id, first.props, news)).outs ?? {};
  });
  const end = host.everything();
  for (const after of share(count)) {
    await host.files.update(first.id, updated, old);
    expect(Object.keys(host.everything())).toEqual(Object.keys(start));
    bend(after);
    const told = await message(host.files.update(first.id, first.props, news));
    host.lab.faults.clear();
    if (isMadeUpFor) expect(told).toBe("");
    for (const [path, possible] of Object.entries(allowed))
      expect(possible).toContain(host.text(path));
    const found = await host.files.read(first.id, first.props);
    const isOld = JSON.stringify(texts()) !== JSON.stringify(newTexts);
    if (isOld)
      expect(
        (await host.files.diff(first.id, found.props ?? {}, news)).changes,
      ).toBe(true);
    await host.files.update(first.id, first.props, news);
    expect(texts()).toEqual(newTexts);
    expect(Object.keys(host.everything())).toEqual(Object.keys(end));
    expect(host.loaded.at(-1)).toBe("one=2\n");
  }
  await host.files.delete(first.id, updated);
  expect(host.everything()).toEqual(begin);
  expect(host.rights("/etc/theirs")).toEqual({
    owner: "nobody",
    group: "nogroup",
    mode: "0604",
  });
}

const some = (all: number, each: number) =>
  Array.from({ length: Math.ceil((all + 2) / each) }, (_none, at) => at * each);

test("a run that is cut off for good at any step leaves old files or new ones, and the next one finishes", async () => {
  await sweep(
    (after) =>
      host.fault({ kind: "cut-after", match: "env", after, count: 1_000 }),
    (all) => some(all, 4),
    false,
  );
});

test("a connection that goes once at any step is made up for within the run", async () => {
  const kinds = ["cut-after", "cut-before"] as const;
  await sweep(
    (after) =>
      host.fault({
        kind: kinds[after % 2] ?? "cut-after",
        match: "env",
        after,
      }),
    (all) => some(all, 9),
    true,
  );
});
