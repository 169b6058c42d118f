import { accountsOf } from "../../lab/host/samba/accounts";
import {
  access,
  hasNames,
  startNames,
  startServer,
  stopNames,
} from "../../lab/host/samba/service";
import {
  labTools,
  realTools,
  type Said,
  type SambaTools,
} from "../support/samba-tools";
import { testWith } from "../support/tool";

// Each write of the real tools waits for the disk.
jest.setTimeout(120_000);

let lab: ReturnType<typeof labTools>;
beforeEach(() => {
  lab = labTools();
});
afterEach(() => lab.stop());

const share = `[docs]
	hybrid-site:owner = site/SmbShares/x
	comment = "quoted" and = more
	valid users = office scanner
	path = /tmp
	readonly = no
	root preexec close = yes
[other]
	path = /tmp
`;

/** One after another, on one machine. */
const lines: string[][] = [
  ["net", "conf", "list"],
  ["net", "conf", "addshare", "media", "/tmp"],
  ["net", "conf", "addshare", "media", "/tmp"],
  ["net", "conf", "addshare", "MEDIA", "/tmp"],
  [
    "net",
    "conf",
    "addshare",
    "nopath",
    "/nonexistent",
    "writeable=y",
    "guest_ok=y",
    "a comment",
  ],
  ["net", "conf", "addshare", "bad/name", "/tmp"],
  ["net", "conf", "addshare", "global", "/tmp"],
  ["net", "conf", "addshare", "rel", "tmp"],
  ["net", "conf", "list"],
  ["net", "conf", "listshares"],
  ["net", "conf", "list", "extra"],
  ["net", "conf", "showshare", "media"],
  ["net", "conf", "showshare", "nope"],
  ["net", "conf", "setparm", "media", "comment", "hello world"],
  ["net", "conf", "setparm", "media", "hybrid-site:owner", "a b = c"],
  ["net", "conf", "setparm", "media", "nonsense", "yes"],
  ["net", "conf", "setparm", "media", "read only", "maybe"],
  ["net", "conf", "setparm", "media", "server smb encrypt", "foo"],
  ["net", "conf", "setparm", "media", "readonly", "no"],
  ["net", "conf", "setparm", "media", "writeable", "yes"],
  ["net", "conf", "setparm", "media", "public", "1"],
  ["net", "conf", "setparm", "media", "workgroup", "X"],
  ["net", "conf", "setparm", "made", "path", "/tmp"],
  ["net", "conf", "getparm", "media", "comment"],
  ["net", "conf", "getparm", "media", "nope"],
  ["net", "conf", "getparm", "nope", "comment"],
  ["net", "conf", "delparm", "media", "comment"],
  ["net", "conf", "delparm", "media", "comment"],
  ["net", "conf", "delparm", "nope", "comment"],
  ["net", "conf", "import", "/etc/samba/share", "docs"],
  ["net", "conf", "import", "--test", "/etc/samba/share"],
  ["net", "conf", "import", "/etc/samba/share", "DOCS"],
  ["net", "conf", "import", "/etc/samba/unknown", "docs"],
  ["net", "conf", "import", "/etc/samba/invalid", "docs"],
  ["net", "conf", "import", "/etc/samba/broken", "docs"],
  ["net", "conf", "import", "/etc/samba/share", "nope"],
  ["net", "conf", "import", "/etc/samba/none", "docs"],
  ["net", "conf", "showshare", "docs"],
  ["net", "conf", "delshare", "nopath"],
  ["net", "conf", "delshare", "nopath"],
  ["net", "conf", "list"],
];

const configurations: Record<string, string> = {
  share,
  unknown: "[docs]\n bogus = 1\n path = /tmp\n",
  invalid: "[docs]\n read only = maybe\n path = /tmp\n",
  broken: "[docs]\n path = /tmp\n[x\n",
};

async function play(tools: SambaTools): Promise<[string, Said][]> {
  for (const [name, text] of Object.entries(configurations))
    tools.put(name, text);
  const said: [string, Said][] = [];
  for (const line of lines) said.push([line.join(" "), await tools.run(line)]);
  return said;
}

testWith("net", "--version")(
  "net conf says and does what Samba's does, line by line",
  async () => {
    const real = realTools();
    const expected = await play(real).finally(real.stop);
    for (const [index, [line, said]] of (await play(lab)).entries())
      expect([line, said]).toEqual([line, expected[index]?.[1]]);
  },
);

/** Files with a fault each; the tool's exit code, and a line that it says. */
const files: [string, number, string][] = [
  [
    "[a]\npath = /tmp\nguest ok = no\ncreate mode = 660\n",
    0,
    "Loaded services file OK.",
  ],
  [
    "nosuch = 1\n[a]\npath = /tmp\nbogus = x\n",
    0,
    'Ignoring unknown parameter "bogus"',
  ],
  ["[a]\npath = /nonexistent\n", 0, "Loaded services file OK."],
  [
    "[a]\ncomment = x\n",
    0,
    "WARNING: No path in service a - making it unavailable!",
  ],
  [
    "[a]\npath = /tmp\nworkgroup = Q\n",
    0,
    "Global parameter workgroup found in service section!",
  ],
  [
    "[a]\npath = /tmp\nread only = maybe\n",
    1,
    "set_variable_helper(maybe): value is not boolean!",
  ],
  [
    "[global]\nmap to guest = foo\n",
    1,
    "WARNING: Ignoring invalid value 'foo' for parameter 'map to guest'",
  ],
  [
    "[global]\nmax log size = abc\n",
    1,
    "set_variable_helper(abc): value is not a valid size specifier!",
  ],
  ["[global]\nworkgroup = X\n[a\n", 1, "Error loading services."],
  [
    "[global]\nworkgroup = one\n[a]\npath = /tmp\n[global]\nworkgroup = two\ninterfaces = 127.0.0.1, 10.1.1.1\nbind interfaces only = yes\n",
    0,
    "Server role: ROLE_STANDALONE",
  ],
  // What a share does not say is as [global] said until then.
  [
    "[early]\npath = /tmp\n[global]\nadmin users = office\nread only = no\nwide links = yes\n[docs]\npath = /tmp\nadmin users =\nread only = yes\nwide links = no\n[like]\npath = /tmp\nadmin users = office\nread only = no\n",
    0,
    "Loaded services file OK.",
  ],
];

test.each(files)("testparm of %j ends with %i", async (text, code, line) => {
  lab.put("try", text);
  const said = await lab.run(["testparm", "-s", "/etc/samba/try"]);
  expect(said.code).toBe(code);
  expect(said.stderr.split("\n")).toContain(line);
});

testWith("testparm", "--version")(
  "testparm prints what Samba's prints of these files",
  async () => {
    const real = realTools();
    try {
      for (const [text] of files) {
        const words = ["testparm", "-s", "/etc/samba/try"];
        for (const tools of [real, lab]) tools.put("try", text);
        const [expected, said] = [await real.run(words), await lab.run(words)];
        expect([text, said]).toEqual([text, expected]);
      }
    } finally {
      real.stop();
    }
  },
);

const passwords: [string[], string, number, string][] = [
  [
    ["-s", "-a", "nosuchuser"],
    "one\none\n",
    1,
    "Failed to add entry for user nosuchuser.\n",
  ],
  [["-s", "games"], "one\none\n", 1, "Failed to find entry for user games.\n"],
  [
    ["-s", "-a", "games"],
    "one\ntwo\n",
    1,
    "Mismatch - password unchanged.\nUnable to get new password.\n",
  ],
  [["-s", "-a", "games"], "one\n", 1, "Unable to get new password.\n"],
  [["-s", "-a", "games"], "one\none\n", 0, "Added user games.\n"],
  [["-s", "-a", "games"], "two\ntwo\n", 0, ""],
  [["-d", "games"], "", 0, "Disabled user games.\n"],
  [["-e", "games"], "", 0, "Enabled user games.\n"],
  [["-x", "games"], "", 0, "Deleted user games.\n"],
  [["-x", "games"], "", 1, "Failed to find entry for user games.\n"],
];

async function change(tools: SambaTools) {
  const said: unknown[] = [];
  for (const [words, stdin] of passwords) {
    const { code, stdout, stderr } = await tools.run(
      ["smbpasswd", ...words],
      stdin,
    );
    said.push([words, stdin, code, stdout + stderr]);
  }
  return said;
}

test("smbpasswd takes passwords by standard input only, twice", async () => {
  expect(await change(lab)).toEqual(passwords);
});

testWith("net", "--version")("and so does Samba's", async () => {
  const real = realTools();
  expect(await change(real).finally(real.stop)).toEqual(passwords);
});

test("pdbedit shows an account and keeps a description, and no password", async () => {
  await lab.run(["smbpasswd", "-s", "-a", "games"], "hidden\nhidden\n");
  const words = ["pdbedit", "--modify", "--user=games", "--account-desc=mine"];
  expect((await lab.run(words)).code).toBe(0);
  const { stdout } = await lab.run([
    "pdbedit",
    "--list",
    "--verbose",
    "--user=games",
  ]);
  expect(stdout).toMatch(/^Account Flags: {8}\[U {10}\]$/m);
  expect(stdout).toMatch(/^Account desc: {9}mine$/m);
  expect(stdout).toMatch(/^Password last set: {4}\w{3}, \d\d \w{3} \d{4} /m);
  expect(JSON.stringify(accountsOf(lab.world))).not.toContain("hidden");
  expect(await lab.run(["pdbedit", "--list", "--user=nope"])).toMatchObject({
    code: 255,
    stderr: "Username not found!\n",
  });
});

test.each([
  [["net", "conf", "frobnicate"], 255],
  [["net", "rpc", "list"], 255],
  [["testparm", "--bogus"], 1],
  [["testparm", "-s", "x", "host"], 1],
  [["pdbedit", "--frob"], 1],
  [["smbpasswd", "-q", "games"], 1],
  [["smbcontrol", "smbd", "reload-config"], 1],
  [["smbcontrol", "nobody", "reload-config"], 1],
  [["getent", "nosuch", "x"], 1],
  [["getent", "passwd", "nosuch"], 2],
  [["useradd", "games"], 9],
  [["useradd", "--gid", "nosuch", "foo"], 6],
  [["useradd", "Bad Name"], 3],
  [["useradd", "--comment", "a:b", "foo"], 3],
  [["useradd", "--frob", "foo"], 2],
  [["ss", "--frob"], 255],
])("%j is refused with %i", async (words, code) => {
  lab.put("x", "");
  expect((await lab.run(words)).code).toBe(code);
});

test.each([
  [["net", "conf", "list"], 255],
  [["smbpasswd", "-s", "-a", "games"], 1],
  [["pdbedit", "--list"], 1],
  [["useradd", "foo"], 1],
])("%j is root's", async (words, code) => {
  expect((await lab.run(words, "one\none\n", "ops")).code).toBe(code);
});

test("smbd passes over an address that the machine does not have, and binds to all without limits", async () => {
  const sockets = async () =>
    (
      await lab.run(["ss", "--no-header", "--listening", "--tcp", "--numeric"])
    ).stdout
      .split("\n")
      .flatMap((line) => / (\S+):445 /.exec(line)?.[1] ?? []);
  lab.world.save("addresses", { addresses: ["10.1.1.1", "192.0.2.1"] });
  lab.put("smb.conf", "[global]\nworkgroup = X\n");
  startServer(lab.world);
  expect(await sockets()).toEqual(["0.0.0.0", "[::]"]);
  lab.put(
    "smb.conf",
    "[global]\ninterfaces = 10.1.1.1 10.9.9.9\nbind interfaces only = yes\n",
  );
  startServer(lab.world);
  expect(await sockets()).toEqual(["10.1.1.1"]);
});

test("nmbd is on every address, whatever is bound, unless NetBIOS is switched off", async () => {
  const words = ["ss", "--no-header", "--listening", "--udp", "--numeric"];
  const sockets = async () =>
    (await lab.run(words)).stdout
      .split("\n")
      .flatMap((line) => line.trim().split(/\s+/)[3] ?? []);
  lab.world.save("addresses", { addresses: ["10.1.1.1", "192.0.2.1"] });
  const bound = "interfaces = 10.1.1.1\nbind interfaces only = yes\n";
  lab.put("smb.conf", `[global]\n${bound}`);
  expect(hasNames(lab.world)).toBe(true);
  startNames(lab.world);
  expect(await sockets()).toEqual([
    "0.0.0.0:138",
    "0.0.0.0:137",
    "10.1.1.1:138",
    "10.1.1.1:137",
  ]);
  stopNames(lab.world);
  expect(await sockets()).toEqual([]);
  lab.put("smb.conf", `[global]\n${bound}disable netbios = yes\n`);
  expect(hasNames(lab.world)).toBe(false);
});

test("a client gets what its address, its account and the mount allow", async () => {
  lab.put(
    "smb.conf",
    "[global]\nregistry shares = yes\n[docs]\npath = /tank/docs\nvalid users = games\nwrite list = games\nhosts allow = 10.1.1.0/24\nroot preexec = /usr/bin/mountpoint --quiet /tank/docs\nroot preexec close = yes\n",
  );
  await lab.run(["smbpasswd", "-s", "-a", "games"], "one\none\n");
  startServer(lab.world);
  const near = { address: "10.1.1.5", user: "games", password: "one" };
  const get = (client: Parameters<typeof access>[2], mounted = true) =>
    access(lab.world, "DOCS", client, () => mounted);
  expect(get(near)).toBe("rw");
  expect(get(near, false)).toBeUndefined();
  expect(get({ ...near, address: "10.1.2.5" })).toBeUndefined();
  expect(get({ ...near, password: "two" })).toBeUndefined();
  expect(get({ address: "10.1.1.5" })).toBeUndefined();
});
