import { UserError } from "../../dynamic/failure";
import type { Operation } from "../../dynamic/kind";
import { HostError, type Machine, type Words } from "../client";
import { connect } from "../connection";
import { FileChange } from "./change";
import { look } from "./look";
import { type FileInputs, secretsOf } from "./model";
import { type Known, type Obstacle, type Plan, planChange } from "./plan";
import { type Manifest, newManifest, Store } from "./store";
import { expand, withoutSecrets } from "./words";

/** Files that are put and taken together. */
export interface FileSet {
  /** Of the folder that the host keeps about them. */
  key: string;
  owner: string;
  files: readonly FileInputs[];
  validate?: Words;
  reload?: Words;
  adopt?: boolean;
}

export interface Past {
  /** Whose the files may be beside the owner's: it was renamed. */
  owner?: string;
  state?: Known["state"];
}

const lock = "/run/lock/hybrid-site.lck";
const undoMs = 60_000;

/** The files are as declared afterwards, or as they were; answers what stood there before. */
export function converge(
  operation: Operation,
  host: string,
  set: FileSet,
  past: Past = {},
): Promise<string[]> {
  return alone(operation, host, async (machine, signal) => {
    const store = new Store(machine, set.key);
    const manifest = await store.load(signal);
    const owners = [set.owner, past.owner];
    if (manifest && !owners.includes(manifest.owner))
      throw new UserError(
        `${store.folder} on host "${host}" says that files of this name belong to "${manifest.owner}". Choose another name`,
      );
    const run = new Run(operation, machine, store, set, signal);
    const change = new FileChange(
      machine,
      store,
      manifest ?? newManifest(set.owner),
    );
    const recovered = (await change.undo(signal)) === "live";
    const own = change.manifest.files.map(({ path }) => path);
    const paths = new Set([...set.files.map(({ path }) => path), ...own]);
    const plan = planChange({
      declared: set.files,
      manifest: manifest && change.manifest,
      found: await look(machine, [...paths], signal),
      adopt: set.adopt ?? false,
      state: past.state,
    });
    if (Array.isArray(plan)) throw await obstructed(store, host, plan, signal);
    await refuseHeld(store, host, plan, signal);
    const isQuiet = isDone(plan, change.manifest, manifest, set.owner);
    if (!isQuiet || (recovered && set.reload))
      await run.apply(change, plan, recovered);
    return plan.files.flatMap(({ path, before }) => (before ? [path] : []));
  });
}

/** One writer a host; once more when the connection went, which leaves work half done. */
async function alone<T>(
  operation: Operation,
  host: string,
  work: (machine: Machine, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, beforeWrite } = operation;
  const machine = guarded(connect(operation, host), beforeWrite);
  const once = () =>
    machine.exclusively(lock, signal, (held) => work(machine, held));
  try {
    return await once();
  } catch (error) {
    if (!isLost(error)) throw error;
    operation.tell(
      `the connection to host "${host}" went in the middle; looking what came of it`,
    );
    return once();
  }
}

function isLost(error: unknown): boolean {
  return error instanceof HostError && error.kind === "lost";
}

function guarded(machine: Machine, beforeWrite: () => Promise<void>): Machine {
  return {
    name: machine.name,
    run: async (words, options) => {
      if (!options.looks) await beforeWrite();
      return machine.run(words, options);
    },
    write: async (path, file, signal) => {
      await beforeWrite();
      return machine.write(path, file, signal);
    },
    remove: async (path, signal) => {
      await beforeWrite();
      return machine.remove(path, signal);
    },
    exclusively: (file, signal, act) => machine.exclusively(file, signal, act),
    stat: (paths, signal) => machine.stat(paths, signal),
    read: (path, signal) => machine.read(path, signal),
    sha256: (paths, signal) => machine.sha256(paths, signal),
    list: (path, signal) => machine.list(path, signal),
  };
}

function isDone(
  { steps, keep, files }: Plan,
  now: Manifest,
  found: Manifest | undefined,
  owner: string,
): boolean {
  if (steps.length + keep.length > 0) return false;
  if (found === undefined) return files.length === 0;
  return now.owner === owner && now.files.length === files.length;
}

async function obstructed(
  store: Store,
  host: string,
  obstacles: readonly Obstacle[],
  signal: AbortSignal,
): Promise<UserError> {
  const holders = await store.holders(signal);
  const told = obstacles.map(({ path, reason }) => {
    const owner = holders.get(path);
    return owner
      ? `${path} belongs to "${owner}"`
      : `${path} ${reasons[reason]}`;
  });
  return new UserError(
    `on host "${host}" ${told.join("; ")}. Nothing has changed there`,
  );
}

/** What is to be taken over must not be another set's. */
async function refuseHeld(
  store: Store,
  host: string,
  { keep }: Plan,
  signal: AbortSignal,
): Promise<void> {
  if (keep.length === 0) return;
  const holders = await store.holders(signal);
  const held = keep.filter(({ path }) => holders.has(path));
  if (held.length === 0) return;
  const obstacles = held.map(
    ({ path }) => ({ path, reason: "stands" }) as const,
  );
  throw await obstructed(store, host, obstacles, signal);
}

const reasons: Record<Obstacle["reason"], string> = {
  stands:
    "is there already and carries no mark of this site: set adopt: true to take it over (deletion puts it back), or move it away",
  directory: "is a folder: move it away, or choose another path",
  link: "is a symbolic link: name the file that it leads to, or remove the link",
  other: "is neither a file nor a folder: choose another path",
};

/** A program of the user's that did not like the files; fit for the user, without secrets. */
class Disliked extends UserError {}

class Run {
  /** For a deadline's error. */
  #doing = "";

  constructor(
    private readonly operation: Operation,
    private readonly machine: Machine,
    private readonly store: Store,
    private readonly set: FileSet,
    private readonly signal: AbortSignal,
  ) {}

  async apply(
    change: FileChange,
    plan: Plan,
    recovered: boolean,
  ): Promise<void> {
    const { signal, set } = this;
    const touched = plan.steps.map(({ path }) => path);
    const isNew = touched.length > 0;
    try {
      this.#doing = "the files were sent";
      const staged = set.validate
        ? set.files
        : set.files.filter(({ path }) => touched.includes(path));
      await change.stage(plan, staged, signal);
      if (set.validate && isNew) await this.#validate(set.validate, signal);
      this.#doing = "the files were put in place";
      await change.prepare(plan, signal);
      await change.goLive(plan, signal);
      if (set.reload && (isNew || recovered))
        await this.#tool(set.reload, "does not go with the new files", signal);
      this.#doing = "the rest was put in order";
      await change.keep(plan, set.owner, signal);
    } catch (error) {
      // The lock went with the connection; the next look finds what is half done.
      if (isLost(error)) throw error;
      const failure = await this.#takenBack(change, this.#explained(error));
      if (failure) throw failure;
    }
  }

  #validate(words: Words, signal: AbortSignal): Promise<void> {
    const paths = this.set.files.map(({ path }) => path);
    const full = expand(words, this.store.news, paths);
    return this.#tool(full, "refuses the new files", signal);
  }

  async #tool(
    words: Words,
    verdict: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { machine, set, store } = this;
    const told = (text: string) =>
      withoutSecrets(text, secretsOf(set.files))
        .replaceAll(`${store.news}/`, "/")
        .replaceAll(store.news, "/");
    const line = told(words.join(" "));
    this.#doing = `"${line}" ran`;
    try {
      await machine.run(words, { signal });
    } catch (error) {
      const isAnswer =
        error instanceof HostError &&
        (error.kind === "exit" || error.kind === "killed");
      if (!isAnswer) throw error;
      const said = [error.stdout, error.stderr].map((text) => text.trim());
      const end =
        error.code === undefined ? "killed" : `exit code ${error.code}`;
      throw new Disliked(
        `on host "${machine.name}" "${line}" ${verdict} (${end}): ${told(said.filter(Boolean).join("\n")) || "it says nothing"}`,
      );
    }
  }

  #explained(error: unknown): string {
    const text = error instanceof Error ? error.message : String(error);
    const isLate = this.operation.signal.aborted;
    return isLate ? `${text}, while ${this.#doing}` : text;
  }

  async #takenBack(
    change: FileChange,
    cause: string,
  ): Promise<UserError | undefined> {
    const signal = AbortSignal.timeout(undoMs);
    try {
      const phase = await change.undo(signal);
      // The files are in place, and what lay beside is gone now.
      if (phase === "done") return undefined;
      if (phase !== "live")
        return new UserError(`${cause}. Nothing has changed on the host`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return new UserError(
        `${cause}. Taking it back failed too: ${why}. What was there lies beside the files; the next "pulumi up" puts it back first`,
      );
    }
    const { reload } = this.set;
    if (reload === undefined)
      return new UserError(`${cause}. The files are as they were before`);
    try {
      await this.#tool(reload, "does not go with the old files either", signal);
      return new UserError(
        `${cause}. The files are as they were before, and it was run again with them`,
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return new UserError(
        `${cause}. The files are as they were before, but ${why}`,
      );
    }
  }
}
