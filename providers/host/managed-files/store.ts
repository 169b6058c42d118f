import { z } from "zod";
import { UserError } from "../../dynamic/failure";
import type { FileSpec, Machine, RunOptions } from "../client";
import type { Rights } from "./model";

const root = "/var/lib/hybrid-site";
const byRoot = { owner: "root", group: "root" };

const rights = z.strictObject({
  owner: z.string(),
  group: z.string(),
  mode: z.string(),
});

const step = z.strictObject({
  path: z.string(),
  /** A new file takes the place, or what is there goes. */
  act: z.enum(["put", "take"]),
  /** Something was there. */
  had: z.boolean(),
});

const change = z.strictObject({
  /**
   * "staged": nothing has been touched yet. "live": some may have, what was
   * there lies beside. "done": at most what lies beside is left over.
   */
  phase: z.enum(["staged", "live", "done"]),
  steps: z.array(step),
  /** Paths of what is kept from now on. */
  kept: z.array(z.string()),
  /** That the change makes, or when it is done those that may go. */
  directories: z.array(z.string()),
});

const manifest = z.strictObject({
  about: z.string(),
  owner: z.string(),
  files: z.array(
    z.strictObject({
      path: z.string(),
      /** Of what stood there before us, kept below "before". */
      before: rights.optional(),
    }),
  ),
  /** Made for the files. */
  directories: z.array(z.string()),
  change: change.optional(),
});

export type Step = z.output<typeof step>;
export type Change = z.output<typeof change>;
export type Manifest = z.output<typeof manifest>;
export type OwnFile = Manifest["files"][number];

const about =
  "hybrid-site keeps here whose the files are, and what stood in their place before. Do not edit it; pulumi destroy removes it.";

export function newManifest(owner: string): Manifest {
  return { about, owner, files: [], directories: [] };
}

/** What a host keeps about a set of files, in a folder that only root may read. */
export class Store {
  readonly folder: string;
  /** The new files, as they will lie below "/". */
  readonly news: string;

  constructor(
    private readonly machine: Machine,
    readonly key: string,
  ) {
    this.folder = `${root}/${key}`;
    this.news = `${this.folder}/new`;
  }

  /** Of what stood at a path before us. */
  before(path: string): string {
    return `${this.folder}/before${path}`;
  }

  load(signal: AbortSignal): Promise<Manifest | undefined> {
    return read(this.machine, this.key, signal);
  }

  async make(signal: AbortSignal, ...folders: string[]): Promise<void> {
    await this.machine.run(
      [
        "install",
        "--directory",
        "--owner=root",
        "--group=root",
        "--mode=0700",
        "--",
        root,
        this.folder,
        ...folders,
      ],
      { signal },
    );
  }

  save(value: Manifest, signal: AbortSignal): Promise<void> {
    const content = `${JSON.stringify(value, null, 1)}\n`;
    const file: FileSpec = { ...byRoot, mode: "0600", content };
    return this.machine.write(`${this.folder}/manifest.json`, file, signal);
  }

  async remove(signal: AbortSignal): Promise<void> {
    const rest = await this.machine.list(this.folder, signal);
    // The manifest last: without it the rest would be nobody's.
    const others = (rest ?? []).filter((name) => name !== "manifest.json");
    const paths = others.map((name) => `${this.folder}/${name}`);
    if (paths.length > 0) await removeAll(this.machine, paths, signal);
    await removeAll(this.machine, [this.folder], signal);
    await removeEmpty(this.machine, [root], signal);
  }

  /** The owners of the host's other sets of files, by the path. */
  async holders(signal: AbortSignal): Promise<Map<string, string>> {
    const keys = (await this.machine.list(root, signal)) ?? [];
    const others = await Promise.all(
      keys
        .filter((key) => key !== this.key)
        .map((key) => read(this.machine, key, signal)),
    );
    return new Map(
      others.flatMap((other) =>
        (other?.files ?? []).map(({ path }) => [path, other?.owner ?? ""]),
      ),
    );
  }
}

async function read(
  machine: Machine,
  key: string,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  const path = `${root}/${key}/manifest.json`;
  const text = await machine.read(path, signal);
  if (text === undefined) return undefined;
  try {
    return manifest.parse(JSON.parse(text.toString("utf8")));
  } catch {
    throw new UserError(
      `${path} on host "${machine.name}" says whose the files are, and it cannot be read: another version of hybrid-site has written it, or it was edited. Use the newest version, or restore it from a backup`,
    );
  }
}

export async function removeAll(
  machine: Machine,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await machine.run(["rm", "--recursive", "--force", "--", ...paths], {
    signal,
  });
}

/** Those that hold nothing, the deepest first. */
export async function removeEmpty(
  machine: Machine,
  folders: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const deepest = [...folders].sort((a, b) => b.length - a.length);
  for (const folder of deepest)
    await machine.run(["rmdir", "--", folder], { signal, codes: [0, 1] });
}

/** `from` may be /dev/stdin. */
export async function install(
  machine: Machine,
  from: string,
  to: string,
  { owner, group, mode }: Rights,
  options: RunOptions,
): Promise<void> {
  const flags = [`--owner=${owner}`, `--group=${group}`, `--mode=${mode}`];
  await machine.run(
    ["install", ...flags, "--no-target-directory", "--", from, to],
    options,
  );
}
