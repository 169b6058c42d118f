import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { exportedTo, startServer, stopServer, tools } from "../../lab/host/nfs";
import { HostWorld } from "../../lab/host/world";

let directory: string;
let world: HostWorld;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "host-nfs-"));
  world = new HostWorld("shelf", directory);
  world.put("/etc/exports", "# none\n");
  for (const name of ["t1", "t2"])
    mkdirSync(world.path(`/srv/${name}`), { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function run(line: string, user = "root") {
  const [tool = "", ...words] = line.split(" ");
  const streams = [new PassThrough(), new PassThrough()] as const;
  const code = await tools[tool]?.({
    words,
    user,
    world,
    stdin: new PassThrough(),
    stdout: streams[0],
    stderr: streams[1],
    signal: new AbortController().signal,
    run: () => Promise.resolve(127),
  });
  const [stdout = "", stderr = ""] = streams.map((stream) =>
    String(stream.read() ?? ""),
  );
  return { code, stdout, stderr };
}

const exports = (text: string, name = "a") =>
  world.put(`/etc/exports.d/${name}.exports`, text);
const shown = async () => (await run("exportfs -s")).stdout.trim().split("\n");

/** What nfs-utils 2.6 says of a file, its exit code, and what is exported then. */
const measured: [string, number, string, string[]][] = [
  [
    "/srv/t1 10.0.0.0/24(rw,sync,no_root_squash,fsid=7f0b2c4e-1111-2222-3333-444455556666,mountpoint,no_subtree_check,sec=sys) 10.0.1.5(ro,no_subtree_check)",
    0,
    "",
    [
      "/srv/t1  10.0.1.5(sync,wdelay,hide,no_subtree_check,sec=sys,ro,root_squash,no_all_squash)",
      "/srv/t1  10.0.0.0/24(sync,wdelay,hide,no_subtree_check,fsid=7f0b2c4e-1111-2222-3333-444455556666,mountpoint,sec=sys,rw,no_root_squash,no_all_squash)",
    ],
  ],
  [
    "/srv/t1 10.0.0.1(rw,no_subtree_check)\n/srv/t2 10.0.0.1(rw,no_subtree_check,foo)\n/srv/t2 10.0.0.2(rw,no_subtree_check)",
    1,
    'exportfs: /etc/exports.d/a.exports:2: unknown keyword "foo"\n\n',
    [
      "/srv/t1  10.0.0.1(sync,wdelay,hide,no_subtree_check,sec=sys,rw,root_squash,no_all_squash)",
    ],
  ],
  [
    "/srv/none 10.0.0.1(rw,no_subtree_check)",
    1,
    "exportfs: Failed to stat /srv/none: No such file or directory\n",
    [
      "/srv/none  10.0.0.1(sync,wdelay,hide,no_subtree_check,sec=sys,rw,root_squash,no_all_squash)",
    ],
  ],
  [
    "/srv/t1 10.0.0.3(rw,all_squash,no_subtree_check,sec=krb5p:krb5,anonuid=1000,anongid=100)",
    0,
    "",
    [
      "/srv/t1  10.0.0.3(sync,wdelay,hide,no_subtree_check,anonuid=1000,anongid=100,sec=krb5p:krb5,rw,root_squash,all_squash)",
    ],
  ],
  [
    "/srv/t1 10.0.0.4(rw,async,insecure,crossmnt,no_subtree_check,no_wdelay,no_acl,pnfs,security_label,insecure_locks)",
    0,
    "",
    [
      "/srv/t1  10.0.0.4(async,no_wdelay,hide,crossmnt,no_subtree_check,insecure_locks,security_label,no_acl,pnfs,sec=sys,rw,root_squash,no_all_squash)",
    ],
  ],
  [
    "/srv/t1 10.0.0.5(rw,nohide,subtree_check,fsid=root,mp=/x)",
    0,
    "",
    [
      "/srv/t1  10.0.0.5(sync,wdelay,nohide,fsid=0,mountpoint=/x,sec=sys,rw,root_squash,no_all_squash)",
    ],
  ],
  [
    "/srv/t1 10.0.0.11(rw,no_subtree_check,sec=sys,rw,root_squash,sec=krb5,ro,no_root_squash)",
    0,
    "",
    [
      "/srv/t1  10.0.0.11(sync,wdelay,hide,no_subtree_check,sec=sys,rw,root_squash,no_all_squash,sec=krb5,ro,no_root_squash,no_all_squash)",
    ],
  ],
  [
    "/srv/t1 10.0.0.1(rw,no_subtree_check,fsid=zzz)",
    1,
    'exportfs: /etc/exports.d/a.exports: 1: bad fsid "fsid=zzz"\n\n',
    [""],
  ],
  [
    "/srv/t1 10.0.0.1(rw,no_subtree_check,sec=bad)",
    1,
    "exportfs: unknown flavor bad\n",
    [""],
  ],
  [
    "/srv/t1 host.example.invalid(rw,no_subtree_check) 10.1.1.0/33(rw,no_subtree_check)",
    0,
    "exportfs: Failed to resolve host.example.invalid\nexportfs: Failed to resolve host.example.invalid\nexportfs: Invalid prefix `33' for 10.1.1.0/33\nexportfs: Invalid prefix `33' for 10.1.1.0/33\n",
    [""],
  ],
  [
    "/srv/t1 *(rw)",
    0,
    "exportfs: /etc/exports.d/a.exports [1]: Neither 'subtree_check' or 'no_subtree_check' specified for export \"*:/srv/t1\".\n  Assuming default behaviour ('no_subtree_check').\n  NOTE: this default has changed since nfs-utils version 1.0.x\n\n",
    [
      "/srv/t1  *(sync,wdelay,hide,no_subtree_check,sec=sys,rw,root_squash,no_all_squash)",
    ],
  ],
  [
    '"/srv/t 2" 10.1.1.1(ro,no_subtree_check)',
    1,
    "exportfs: Failed to stat /srv/t 2: No such file or directory\n",
    [
      "/srv/t\\0402  10.1.1.1(sync,wdelay,hide,no_subtree_check,sec=sys,ro,root_squash,no_all_squash)",
    ],
  ],
  [
    "# c\n\n/srv/t1 -rw,no_subtree_check 10.0.1.5 10.0.1.6(ro) # tail\n/srv/t2 \\\n  10.0.1.7(rw,no_subtree_check)\n/srv/t1 10.0.1.8(rw\n",
    1,
    "exportfs: /etc/exports.d/a.exports:6: syntax error: bad option list\n",
    [
      "/srv/t1  10.0.1.5(sync,wdelay,hide,no_subtree_check,sec=sys,rw,root_squash,no_all_squash)",
      "/srv/t1  10.0.1.6(sync,wdelay,hide,no_subtree_check,sec=sys,ro,root_squash,no_all_squash)",
      "/srv/t2  10.0.1.7(sync,wdelay,hide,no_subtree_check,sec=sys,rw,root_squash,no_all_squash)",
    ],
  ],
  [
    "/srv/t2 10.1.1.2(rw,no_subtree_check)\n/srv/t2 10.1.1.2(ro,no_subtree_check)",
    1,
    "exportfs: incompatible duplicated export entries:\nexportfs: \t10.1.1.2:/srv/t2 (0x425) [IGNORED]\nexportfs: \t10.1.1.2:/srv/t2 (0x424)\n",
    [
      "/srv/t2  10.1.1.2(sync,wdelay,hide,no_subtree_check,sec=sys,rw,root_squash,no_all_squash)",
    ],
  ],
];

test.each(measured)(
  "exportfs -ra of %j ends with %i",
  async (text, code, said, then) => {
    exports(text);
    expect(await run("exportfs -ra")).toEqual({
      code,
      stdout: "",
      stderr: said,
    });
    expect(await shown()).toEqual(then);
  },
);

test("an entry of etab is written as the real tool does", async () => {
  exports("/srv/t1 10.0.0.1(rw,no_subtree_check,fsid=5)");
  await run("exportfs -ra");
  expect(readFileSync(world.path("/var/lib/nfs/etab"), "utf8")).toBe(
    "/srv/t1\t10.0.0.1(rw,sync,wdelay,hide,nocrossmnt,secure,root_squash,no_all_squash,no_subtree_check,secure_locks,acl,no_pnfs,fsid=5,anonuid=65534,anongid=65534,sec=sys,rw,root_squash,no_all_squash)\n",
  );
});

test("-a keeps what no file names, changes what one does; -r keeps the files' only; -u takes one away", async () => {
  exports("/srv/t1 10.0.0.1(rw,no_subtree_check)");
  expect(
    (await run("exportfs -o ro,no_subtree_check 10.9.9.9:/srv/t2")).code,
  ).toBe(0);
  await run("exportfs -a");
  exports("/srv/t1 10.0.0.1(ro,no_subtree_check)");
  await run("exportfs -a");
  expect(await shown()).toEqual([
    expect.stringMatching(/^\/srv\/t1 {2}10.0.0.1\(.*,ro,/),
    expect.stringMatching(/^\/srv\/t2 {2}10.9.9.9\(/),
  ]);
  await run("exportfs -r");
  expect(await shown()).toHaveLength(1);
  exports(
    "/srv/t1 fd00::1(rw,no_subtree_check) fd00::/64(rw,no_subtree_check)",
  );
  await run("exportfs -ra");
  expect((await run("exportfs -u [fd00::1]:/srv/t1")).code).toBe(0);
  expect((await run("exportfs -u [fd00::/64]:/srv/t1")).code).toBe(0);
  expect(await shown()).toEqual([""]);
});

test.each([
  [
    "exportfs -z",
    "exportfs: invalid option -- 'z'\nusage: exportfs [-adfhioruvs] [host:/path]\n",
  ],
  [
    "exportfs --help",
    "exportfs: invalid option -- '-'\nusage: exportfs [-adfhioruvs] [host:/path]\n",
  ],
  ["exportfs foo", "exportfs: Invalid export syntax: foo\n"],
  [
    "exportfs -a x",
    "exportfs: extra arguments are not permitted with -a or -r\n",
  ],
  ["exportfs -ru", "exportfs: -r and -u are incompatible\n"],
  ["exportfs -u fd00::1:/srv/t1", "exportfs: Invalid export syntax: fd00\n"],
  [
    "exportfs -u 10.0.0.1:/srv/t1",
    "exportfs: Could not find '10.0.0.1:/srv/t1' to unexport.\n",
  ],
  [
    "exportfs -o zz 1.2.3.4:/srv/t1",
    'exportfs: command line:0: unknown keyword "zz"\n\n',
  ],
  ["showmount -e", "clnt_create: RPC: Unable to receive\n"],
])("%s is refused in the tool's words", async (line, stderr) => {
  expect(await run(line)).toMatchObject({ code: 1, stderr });
});

test("only root may change, everybody may look", async () => {
  exports("/srv/t1 10.0.0.1(rw,no_subtree_check)");
  expect(await run("exportfs -ra", "nobody")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("errno 13 (Permission denied)"),
  });
  expect((await run("exportfs -s", "nobody")).code).toBe(0);
});

test("the server exports at its start what the files say, and nothing once it has stopped", async () => {
  exports(
    "/srv/t1 10.0.0.0/24(rw,no_subtree_check,mountpoint)\n/srv/t2 10.0.0.7(ro,no_subtree_check)",
  );
  world.put(
    "/etc/nfs.conf",
    "[general]\n[nfsd]\nvers3=n\nthreads=8\n[mountd]\n",
  );
  startServer(world);
  expect(readFileSync(world.path("/proc/fs/nfsd/versions"), "utf8")).toBe(
    "-3 +4 +4.0 +4.1 +4.2\n",
  );
  expect(await run("showmount -e")).toMatchObject({
    code: 0,
    stdout: "Export list for shelf:\n/srv/t1 10.0.0.0/24\n/srv/t2 10.0.0.7\n",
  });
  const mounted = (path: string) => path === "/srv/t1";
  expect(exportedTo(world, "/srv/t1", "10.0.0.9", mounted)).toBeDefined();
  expect(exportedTo(world, "/srv/t1", "10.0.0.9", () => false)).toBeUndefined();
  expect(exportedTo(world, "/srv/t1", "10.0.1.9", mounted)).toBeUndefined();
  expect(
    exportedTo(world, "/srv/t2", "10.0.0.7", mounted)?.options.readOnly,
  ).toBe(true);
  stopServer(world);
  expect(await shown()).toEqual([""]);
  expect((await run("showmount -e")).code).toBe(1);
});
