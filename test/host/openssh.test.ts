import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { makeKey } from "../../lab/host/key";
import { SshConnection } from "../../providers/host/client";
import { SshMachine } from "../../providers/host/client/ssh-machine";
import { testWith } from "../support/tool";

jest.setTimeout(30_000);
const signal = new AbortController().signal;
const sshd = "/usr/sbin/sshd";
/** Another's sshd lets its own user in, who needs a shell: root has one. */
const withSshd =
  process.getuid?.() === 0 ? testWith(sshd, "-V") : testWith("sshd-as-root");

let directory: string;
let daemon: ChildProcess | undefined;
let connection: SshConnection;
let machine: SshMachine;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "hybrid-site-sshd-"));
  const [login, host] = [0, 1].map(() => makeKey());
  const file = (name: string, text = "") => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  const port = await freePort();
  const settings = file(
    "sshd_config",
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${file("host", host?.private)}
AuthorizedKeysFile ${file("authorized", login?.public)}
PidFile none
StrictModes no
UsePAM no
SetEnv HOME=${directory}
`,
  );
  if (existsSync(sshd) && process.getuid?.() === 0) {
    mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    daemon = spawn(sshd, ["-D", "-f", settings], { stdio: "ignore" });
  }
  connection = new SshConnection(
    "real",
    { address: "127.0.0.1", port, hostKeys: [host?.public ?? ""] },
    { username: userInfo().username, privateKey: login?.private ?? "" },
  );
  machine = new SshMachine("real", connection, false);
});
afterAll(async () => {
  await connection.close();
  daemon?.kill();
  rmSync(directory, { recursive: true, force: true });
});

withSshd(
  "OpenSSH and GNU's tools do what the simulated machine does",
  async () => {
    const path = join(directory, "it's $(a) file");
    const content = Buffer.from([0, 255, 10, 13, 39]);
    const [owner, group] = ["root", "root"];
    const file = { content, owner, group, mode: "0640" };
    await machine.write(path, file, signal);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(await machine.read(path, signal)).toEqual(content);
    const { content: _content, ...rights } = file;
    const link = join(directory, "a link\nwith a line");
    symlinkSync("nowhere", link);
    const found = await machine.stat([path, "/none/x", link, "/"], signal);
    expect(found.get(path)).toEqual({ kind: "file", ...rights, size: 5 });
    expect([...found].map(([name, { kind }]) => [name, kind])).toEqual([
      [path, "file"],
      [link, "link"],
      ["/", "directory"],
    ]);
    const hashes = await machine.sha256([path, `${path}.none`], signal);
    expect([...hashes.keys()]).toEqual([path]);
    expect(await machine.list(directory, signal)).toContain("it's $(a) file");
    await machine.remove(path, signal);
    expect((await machine.stat([path], signal)).size).toBe(0);
    expect(await machine.read(path, signal)).toBeUndefined();
    expect(await machine.list(path, signal)).toBeUndefined();
  },
);

withSshd("a lock is held until it is let go", async () => {
  const lock = join(directory, "lock");
  const order: number[] = [];
  const hold = (name: number) =>
    machine.exclusively(lock, signal, async () => {
      order.push(name);
      await machine.run(["sleep", "0.1"], { signal });
      order.push(name);
    });
  await Promise.all([hold(1), hold(2)]);
  expect([order[0], order[2]]).toEqual([order[1], order[3]]);
});

withSshd("more want a lock than sshd has sessions for", async () => {
  const lock = join(directory, "many");
  const held: number[] = [];
  const hold = (name: number) =>
    machine.exclusively(lock, signal, async () => {
      held.push(name);
      await Promise.all(
        Array.from({ length: 8 }, () => machine.run(["true"], { signal })),
      );
    });
  const all = Array.from({ length: 12 }, (_none, name) => name);
  await Promise.all(all.map(hold));
  expect(held).toEqual(all);
});

withSshd("eight at once, codes, signals and a missing tool", async () => {
  const many = Array.from({ length: 20 }, (_item, index) =>
    machine.run(["echo", `${index}`], { signal }),
  );
  for (const [index, { stdout }] of (await Promise.all(many)).entries())
    expect(stdout).toBe(`${index}\n`);
  const run = (...words: [string, ...string[]]) =>
    machine.run(words, { signal });
  await expect(run("sh", "-c", "exit 3")).rejects.toMatchObject({ code: 3 });
  await expect(run("sh", "-c", "kill -9 $$")).rejects.toThrow(/137|KILL/);
  await expect(run("no-such-tool")).rejects.toThrow(/Install no-such-tool/);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
