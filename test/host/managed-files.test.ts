import { symlinkSync } from "node:fs";
import {
  type FilesHost,
  filesHost,
  filesInputs,
  plain,
  secret,
} from "../support/managed-files";

jest.setTimeout(120_000);

let host: FilesHost;
afterEach(() => host.stop());

const manifestPath = "/var/lib/hybrid-site/app/manifest.json";
const own = () =>
  Object.keys(host.everything()).filter((path) => path !== manifestPath);

describe.each(["root", "ops"] as const)("logged in as %s", (login) => {
  beforeEach(async () => {
    host = await filesHost(login);
  });

  test("files are made with their folder, checked, loaded, and then it is quiet; deletion leaves nothing", async () => {
    const before = host.everything();
    const { id, props } = await host.create();
    expect(host.text(plain.path)).toBe(plain.content);
    expect(host.text(secret.path)).toBe(secret.secretContent);
    expect(host.rights(plain.path)).toEqual({
      owner: "root",
      group: "root",
      mode: "0644",
    });
    expect(host.rights(secret.path)).toEqual({
      owner: "root",
      group: "root",
      mode: "0600",
    });
    expect(host.rights("/var/lib/hybrid-site/app").mode).toBe("0700");
    expect(own().sort()).toEqual(
      [...Object.keys(before), plain.path, secret.path].sort(),
    );
    expect(host.loaded).toEqual([plain.content + secret.secretContent]);
    host.commands();
    expect(await host.isQuiet(id, props, filesInputs())).toBe(true);
    expect(
      host.commands().filter((line) => !/(stat|cat|sha256sum) /.test(line)),
    ).toEqual([]);
    const { outs } = await host.files.update(id, props, filesInputs());
    expect(outs).toEqual(props);
    expect(host.loaded).toHaveLength(1);
    await host.files.delete(id, props);
    expect(host.everything()).toEqual(before);
    expect(
      await host.machine.list("/etc/app", AbortSignal.timeout(5_000)),
    ).toBeUndefined();
    expect(host.loaded).toHaveLength(2);
    await host.files.delete(id, props);
    expect(await host.files.read(id, props)).toEqual({});
  });
});

describe("every input", () => {
  beforeEach(async () => {
    host = await filesHost();
  });

  /** A change, what the machine then has, and what is made anew. */
  const changes: Record<string, [unknown, () => unknown, unknown, string[]]> = {
    owner: [
      "site/ManagedFiles/other",
      () => JSON.parse(host.text(manifestPath) ?? "").owner,
      "site/ManagedFiles/other",
      [],
    ],
    host: ["other", () => 0, 0, ["host"]],
    name: ["other", () => 0, 0, ["name"]],
    files: [
      [
        {
          ...plain,
          content: "one=2\n",
          owner: "nobody",
          group: "adm",
          mode: "0640",
        },
        { path: "/etc/third", content: "" },
      ],
      () => [
        host.text(plain.path),
        host.rights(plain.path),
        host.text(secret.path),
        host.text("/etc/third"),
      ],
      [
        "one=2\n",
        { owner: "nobody", group: "adm", mode: "0640" },
        undefined,
        "",
      ],
      [],
    ],
    validate: [
      ["check", "--all", "{file:/etc/app.key}"],
      () => host.loaded.length,
      1,
      [],
    ],
    reload: [["true"], () => host.loaded.length, 1, []],
    adopt: [true, () => host.loaded.length, 1, []],
    timeouts: [{ update: 100 }, () => host.loaded.length, 1, []],
  };

  test.each(Object.keys(changes))(
    "a change of %s is seen, made and then quiet",
    async (key) => {
      const [value, look, expected, replaces] = changes[key] ?? [];
      const { id, props } = await host.create();
      const news = filesInputs({ [key]: value });
      expect(await host.files.diff(id, props, news)).toMatchObject({
        changes: true,
        replaces,
      });
      if (replaces?.length) return;
      const { outs = {} } = await host.files.update(id, props, news);
      expect(look?.()).toEqual(expected);
      expect(await host.isQuiet(id, outs, news)).toBe(true);
      const { outs: back = {} } = await host.files.update(
        id,
        outs,
        filesInputs(),
      );
      expect(host.text(plain.path)).toBe(plain.content);
      expect(host.text(secret.path)).toBe(secret.secretContent);
      expect(await host.isQuiet(id, back, filesInputs())).toBe(true);
    },
  );

  test("the table above has a row for each input", async () => {
    const { schema } = await import("../../providers/host/managed-files/model");
    expect(Object.keys(changes).sort()).toEqual(
      Object.keys(schema.shape).sort(),
    );
  });

  test.each<[string, () => void, unknown]>([
    [
      "content",
      () => host.put(plain.path, "two=2\n"),
      [{ ...plain, content: "two=2\n" }, secret],
    ],
    [
      "a secret",
      () => host.put(secret.path, "theirs"),
      [plain, { ...secret, secretContent: "(another content on the host)" }],
    ],
    [
      "an owner",
      () => host.put(plain.path, plain.content, { owner: "nobody" }),
      [{ ...plain, owner: "nobody" }, secret],
    ],
    [
      "a group",
      () => host.put(plain.path, plain.content, { group: "adm" }),
      [{ ...plain, group: "adm" }, secret],
    ],
    [
      "a mode",
      () => host.put(secret.path, secret.secretContent, { mode: "0644" }),
      [plain, { ...secret, mode: "0644" }],
    ],
    ["a file that is gone", () => host.drop(plain.path), [secret]],
    [
      "a file that is no text",
      () => host.put(plain.path, Buffer.from([0xff, 0])),
      [{ ...plain, content: "(no text: 2 bytes on the host)" }, secret],
    ],
  ])(
    "drift of %s is read, and mended by the next update",
    async (_what, drift, files) => {
      const { id, props } = await host.create();
      drift();
      const found = await host.files.read(id, props);
      expect(found.props?.files).toEqual(files);
      expect(
        (await host.files.diff(id, found.props ?? {}, filesInputs())).changes,
      ).toBe(true);
      const { outs = {} } = await host.files.update(
        id,
        found.props ?? {},
        filesInputs(),
      );
      expect(host.text(plain.path)).toBe(plain.content);
      expect(host.loaded).toHaveLength(2);
      expect(await host.isQuiet(id, outs, filesInputs())).toBe(true);
    },
  );

  test("inputs that cannot be are refused at preview", async () => {
    const problems = async (changes: object) =>
      (await host.files.check({}, filesInputs(changes as never))).failures?.map(
        ({ property, reason }) => `${property}: ${reason}`,
      );
    expect(await problems({ files: [] })).toEqual(["files: must not be empty"]);
    expect(
      await problems({ files: [{ path: "/etc/../x", content: "" }] }),
    ).toEqual([
      'files.0.path: must be an absolute path without ".", ".." and "//"',
    ]);
    expect(await problems({ files: [{ path: "/x" }] })).toEqual([
      "files.0: give either content or secretContent",
    ]);
    expect(await problems({ files: [plain, plain] })).toEqual([
      "files.1.path: /etc/app/one.conf is there twice",
    ]);
    expect(
      await problems({
        files: [
          { path: "/a", content: "" },
          { path: "/a/b", content: "" },
        ],
      }),
    ).toEqual(["files.1.path: /a is a file, not a folder"]);
    expect(await problems({ validate: ["check", "-f={file}"] })).toEqual([
      "validate.1: must be an argument of its own: -f={file} has more than the placeholder",
    ]);
    expect(await problems({ validate: ["check", "{file:/etc/x}"] })).toEqual([
      "validate.1: /etc/x is none of the files",
    ]);
    expect(await problems({ reload: ["reload", "{dir}"] })).toEqual([
      "reload.1: has no placeholders: the files are in place",
    ]);
  });
});

describe("what is not ours", () => {
  beforeEach(async () => {
    host = await filesHost();
  });
  const theirs = { owner: "nobody", group: "adm", mode: "0640" };

  test("a file that stands there is refused, and nothing changes", async () => {
    host.put(plain.path, "theirs");
    const before = host.everything();
    await expect(host.create()).rejects.toThrow(
      'Unable to create ManagedFiles "app": on host "storage" /etc/app/one.conf is there already and carries no mark of this site: set adopt: true to take it over (deletion puts it back), or move it away. Nothing has changed there',
    );
    expect(host.everything()).toEqual(before);
  });

  test("with adopt it is taken over, and comes back as it was when it is removed", async () => {
    host.put(plain.path, "theirs", theirs);
    const before = host.everything();
    const inputs = filesInputs({ adopt: true });
    const { id, props } = await host.create(inputs);
    expect(props.adopted).toEqual([plain.path]);
    expect(host.text(plain.path)).toBe(plain.content);
    expect(await host.isQuiet(id, props, inputs)).toBe(true);
    const { outs = {} } = await host.files.update(id, props, {
      ...inputs,
      files: [secret],
    });
    expect(host.text(plain.path)).toBe("theirs");
    expect(host.rights(plain.path)).toEqual(theirs);
    expect(outs.adopted).toEqual([]);
    await host.files.delete(id, outs);
    expect(host.everything()).toEqual(before);
    expect(host.rights(plain.path)).toEqual(theirs);
  });

  test("what is just as declared needs adopt too, and stays when it is removed", async () => {
    host.put(plain.path, plain.content);
    await expect(host.create()).rejects.toThrow("is there already");
    const { id, props } = await host.create(filesInputs({ adopt: true }));
    await host.files.delete(id, props);
    expect(host.text(plain.path)).toBe(plain.content);
    expect(host.text(secret.path)).toBeUndefined();
  });

  test("another set's file is refused with its owner, and so is another's set of the same name", async () => {
    await host.create();
    const taking = filesInputs({
      name: "other",
      owner: "site/ManagedFiles/other",
      files: [plain],
    });
    await expect(host.create(taking)).rejects.toThrow(
      '/etc/app/one.conf belongs to "site/ManagedFiles/app"',
    );
    await expect(host.create({ ...taking, adopt: true })).rejects.toThrow(
      'belongs to "site/ManagedFiles/app"',
    );
    await expect(
      host.create(filesInputs({ owner: "elsewhere/ManagedFiles/app" })),
    ).rejects.toThrow('belong to "site/ManagedFiles/app". Choose another name');
  });

  test("links and folders are refused in their words", async () => {
    host.put("/etc/real", "x");
    symlinkSync("real", host.world.path("/etc/app.key"));
    host.put("/etc/app/one.conf/x", "");
    await expect(host.create(filesInputs({ adopt: true }))).rejects.toThrow(
      "/etc/app/one.conf is a folder: move it away, or choose another path; /etc/app.key is a symbolic link: name the file that it leads to, or remove the link",
    );
  });

  test("a host that has forgotten whose they are: nothing is removed until they are marked again", async () => {
    const { id, props } = await host.create();
    host.drop("/var/lib/hybrid-site");
    const found = await host.files.read(id, props);
    expect(found.props?.owner).toBe("");
    await expect(host.files.delete(id, props)).rejects.toThrow(
      "/var/lib/hybrid-site/app is gone",
    );
    await host.files.update(id, found.props ?? {}, filesInputs());
    await host.files.delete(id, props);
    expect(host.text(plain.path)).toBeUndefined();
  });

  test("a host that has forgotten it, and has another's file by now, is not written over", async () => {
    const { id, props } = await host.create();
    host.drop("/var/lib/hybrid-site");
    host.put(plain.path, "the distribution's");
    await expect(host.files.update(id, props, filesInputs())).rejects.toThrow(
      "is there already",
    );
    expect(host.text(plain.path)).toBe("the distribution's");
  });
});
