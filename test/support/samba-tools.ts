import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { tools } from "../../lab/host/samba";
import { HostWorld } from "../../lab/host/world";

export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** The same words for a program of Samba, and a file of its own. */
export interface SambaTools {
  run(words: readonly string[], stdin?: string, user?: string): Promise<Said>;
  put(name: string, text: string): void;
  stop(): void;
}

/** The lab's; files lie below /etc/samba. */
export function labTools(): SambaTools & { world: HostWorld } {
  const directory = mkdtempSync(join(tmpdir(), "host-samba-"));
  const world = new HostWorld("shelf", directory);
  return {
    world,
    async run([tool = "", ...words], stdin = "", user = "root") {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const input = new PassThrough();
      input.end(stdin);
      const code = await tools[tool]?.({
        words,
        user,
        world,
        stdin: input,
        stdout,
        stderr,
        signal: new AbortController().signal,
        run: () => Promise.resolve(127),
      });
      const [said, complained] = [stdout, stderr].map((stream) =>
        String(stream.read() ?? ""),
      );
      return {
        code: code ?? 127,
        stdout: said ?? "",
        stderr: complained ?? "",
      };
    },
    put: (name, text) => world.put(`/etc/samba/${name}`, text),
    stop: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Those of this machine, on databases of their own. */
export function realTools(): SambaTools {
  const directory = mkdtempSync(join(tmpdir(), "samba-"));
  const inside = (name: string) => join(directory, name);
  for (const name of ["private", "state", "lock", "cache", "pid"])
    mkdirSync(inside(name));
  const own = `[global]
 private dir = ${inside("private")}
 state directory = ${inside("state")}
 lock directory = ${inside("lock")}
 cache directory = ${inside("cache")}
 pid directory = ${inside("pid")}
 include = registry
`;
  writeFileSync(inside("own.conf"), own);
  const flags: Record<string, string[]> = {
    net: ["-s", inside("own.conf")],
    smbpasswd: ["-c", inside("own.conf")],
    testparm: [],
  };
  return {
    run([tool = "", ...words], stdin = "") {
      const there = words.map((word) =>
        word.replace("/etc/samba/", `${directory}/`),
      );
      const { status, stdout, stderr } = spawnSync(
        tool,
        [...(flags[tool] ?? []), ...there],
        {
          encoding: "utf8",
          input: stdin,
          env: { ...process.env, LC_ALL: "C" },
        },
      );
      const [said = "", complained = ""] = [stdout, stderr].map((text) =>
        text.replaceAll(`${directory}/`, "/etc/samba/"),
      );
      return Promise.resolve({
        code: status ?? -1,
        stdout: said,
        stderr: complained,
      });
    },
    put: (name, text) => writeFileSync(inside(name), text),
    stop: () => rmSync(directory, { recursive: true, force: true }),
  };
}
