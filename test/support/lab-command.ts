import { type ChildProcess, spawn } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openWorld, type Summary } from "../../lab/proxmox";
import { World } from "../../lab/proxmox/world";
import type { Sent } from "./published-schema";

export const root = resolve(__dirname, "..", "..");

export interface Ended {
  code: number | null;
  output: string;
}

/** `npm run lab` as a user runs it, on a lab of the test's own. */
export class LabCommand {
  readonly folder = mkdtempSync(
    join(realpathSync(tmpdir()), "hybrid-site-lab-"),
  );
  directory = join(this.folder, "lab");
  readonly record = join(this.folder, "record");
  /** Everything that was printed, for a search. */
  printed = "";

  constructor(private readonly settings: Record<string, string> = {}) {}

  get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      LAB_DIR: this.directory,
      LAB_RECORD: this.record,
      LAB_TASK_MS: "50",
      INIT_CWD: root,
      ...this.settings,
    };
  }

  start(...words: string[]): { child: ChildProcess; ended: Promise<Ended> } {
    const child = spawn(
      process.execPath,
      ["--require", "tsx/cjs", "lab/main.ts", ...words],
      { cwd: root, env: this.environment, stdio: ["ignore", "pipe", "pipe"] },
    );
    let output = "";
    const take = (data: Buffer) => {
      output += data.toString();
      this.printed += data.toString();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const ended = new Promise<Ended>((done) =>
      child.on("close", (code) => done({ code, output })),
    );
    return { child, ended };
  }

  run(...words: string[]): Promise<Ended> {
    return this.start(...words).ended;
  }

  /** The guests as they are on the devices, "node/name status". */
  guests(): string[] {
    const nodes = openWorld(join(this.directory, "proxmox"))({
      do: "summary",
    }) as Summary;
    return nodes
      .flatMap(({ node, guests }) =>
        guests.map(
          ({ name, status, template, lock }) =>
            `${node}/${name} ${lock ?? (template ? "template" : status)}`,
        ),
      )
      .sort();
  }

  /** Those that open the simulated hosts now, with a line of their SSH key's. */
  tokens(): string[] {
    const { accounts } = new World(join(this.directory, "proxmox"));
    const key = readFileSync(join(this.directory, "hosts/id_ed25519"), "utf8");
    return [
      ...[...accounts.values()].map(({ token }) => token),
      key.split("\n").at(-4) ?? "",
    ];
  }

  /** Every volume and file on the storages, with its size. */
  volumes(): string[] {
    const nodes = openWorld(join(this.directory, "proxmox"))({
      do: "summary",
    }) as Summary;
    return nodes
      .flatMap(({ node, volumes }) =>
        volumes.map(({ volid, bytes }) => `${node}/${volid} ${bytes}`),
      )
      .sort();
  }

  requests(): (Sent & { fault?: string })[] {
    return this.#recorded("proxmox");
  }

  /** Of the router's ubus. */
  calls(): { object: string; method: string }[] {
    return this.#recorded("openwrt");
  }

  #recorded<T>(system: string): T[] {
    try {
      const text = readFileSync(join(this.record, `${system}.jsonl`), "utf8");
      return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as T);
    } catch {
      return [];
    }
  }

  forgetRequests(): void {
    for (const system of ["proxmox", "openwrt"])
      rmSync(join(this.record, `${system}.jsonl`), { force: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The descendants of a process whose command line has `word`. */
export function descendants(pid: number, word: string): number[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const parents = new Map(all.map((id) => [id, parentOf(id)]));
  const isBelow = (id: number): boolean => {
    const parent = parents.get(id);
    return (
      parent !== undefined && parent > 1 && (parent === pid || isBelow(parent))
    );
  };
  return all.filter((id) => isBelow(id) && commandOf(id).includes(word));
}

function parentOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
