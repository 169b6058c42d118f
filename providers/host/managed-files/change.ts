import { posix } from "node:path";
import { UserError } from "../../dynamic/failure";
import type { FileFacts, Machine } from "../client";
import { contentOf, type FileInputs, type Rights, rightsOf } from "./model";
import type { Plan, PlannedStep } from "./plan";
import {
  type Change,
  install,
  type Manifest,
  removeAll,
  removeEmpty,
  type Step,
  type Store,
} from "./store";

/** Beside the file, for a rename that cannot leave half of it; no tool reads names like these. */
const beside = (path: string, what: "new" | "old") =>
  posix.join(
    posix.dirname(path),
    `.${posix.basename(path)}.hybrid-site.${what}`,
  );

const folders = (paths: readonly string[]) => [
  ...new Set(paths.map((path) => posix.dirname(path))),
];

/** All have ended when one has failed: what they write would be in the way of taking it back. */
async function settled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const ends = await Promise.allSettled(work);
  const failed = ends.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  return ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
}

/**
 * One change of a set of files, in steps that a run after a crash can take
 * back: the manifest says beforehand what a step may have done.
 */
export class FileChange {
  readonly #machine: Machine;
  readonly #store: Store;

  constructor(
    machine: Machine,
    store: Store,
    /** As it is on the host. */
    public manifest: Manifest,
  ) {
    this.#machine = machine;
    this.#store = store;
  }

  /** The declared files are on the host afterwards, and nothing has been touched. */
  async stage(
    plan: Plan,
    declared: readonly FileInputs[],
    signal: AbortSignal,
  ): Promise<void> {
    const store = this.#store;
    const steps = plan.steps.map(({ path, act, had }) => ({ path, act, had }));
    const kept = plan.keep.map(({ path }) => path);
    const directories = await this.#missing(steps, signal);
    const news = declared.map(({ path }) => `${store.news}${path}`);
    const before = kept.map((path) => store.before(path));
    await store.make(signal, ...folders([...news, ...before]));
    await this.#save({ phase: "staged", steps, kept, directories }, signal);
    await settled(
      declared.map((item) =>
        install(
          this.#machine,
          "/dev/stdin",
          `${store.news}${item.path}`,
          rightsOf(item),
          { signal, stdin: contentOf(item) },
        ),
      ),
    );
  }

  /** What stood there is kept, and each new file is beside its place. */
  async prepare(plan: Plan, signal: AbortSignal): Promise<void> {
    const machine = this.#machine;
    const { directories = [] } = this.manifest.change ?? {};
    if (directories.length > 0)
      await machine.run(["mkdir", "--mode=0755", "--", ...directories], {
        signal,
      });
    const there = plan.steps.filter(({ act, had }) => act === "put" && had);
    const paths = there.map(({ path }) => path);
    const found = await machine.stat(paths, signal);
    const copies = await settled([
      ...plan.keep.map(({ path, rights }) =>
        this.#copy(path, this.#store.before(path), rights, signal),
      ),
      ...plan.steps.map((step) =>
        this.#putBeside(step, found.get(step.path), signal),
      ),
    ]);
    const written = copies.flat();
    if (written.length > 0) await machine.run(["sync", ...written], { signal });
  }

  /** From here on a crash is taken back. */
  async goLive(plan: Plan, signal: AbortSignal): Promise<void> {
    await this.#phase("live", signal);
    for (const { path, act } of plan.steps) {
      if (act === "put") await this.#rename(beside(path, "new"), path, signal);
      else await this.#rename(path, beside(path, "old"), signal);
    }
    await this.#sync(plan.steps, signal);
  }

  /** The new files stay: nothing takes them back any more. */
  async keep(plan: Plan, owner: string, signal: AbortSignal): Promise<void> {
    const { change, directories } = this.manifest;
    const made = [...directories, ...(change?.directories ?? [])];
    const isUsed = (folder: string) =>
      plan.files.some(({ path }) => path.startsWith(`${folder}/`));
    this.manifest = {
      ...this.manifest,
      owner,
      files: plan.files,
      directories: made.filter(isUsed),
      change: change && {
        ...change,
        phase: "done",
        directories: made.filter((folder) => !isUsed(folder)),
      },
    };
    await this.#store.save(this.manifest, signal);
    await this.#sweep(signal);
    if (plan.files.length === 0) await this.#store.remove(signal);
  }

  /**
   * Takes back what a change has done so far unless it was done, and answers
   * how far it had come.
   */
  async undo(signal: AbortSignal): Promise<Change["phase"] | undefined> {
    const { change } = this.manifest;
    if (change === undefined) return undefined;
    if (change.phase === "live") {
      const rest = change.steps.flatMap(({ path }) => [
        beside(path, "old"),
        beside(path, "new"),
      ]);
      const there = await this.#machine.stat(rest, signal);
      for (const step of [...change.steps].reverse())
        await this.#undoStep(step, there, signal);
      await this.#sync(change.steps, signal);
    }
    await this.#sweep(signal);
    if (change.phase === "done" && this.manifest.files.length > 0)
      return change.phase;
    const { change: _done, ...manifest } = this.manifest;
    this.manifest = manifest;
    if (manifest.files.length === 0) await this.#store.remove(signal);
    else await this.#store.save(manifest, signal);
    return change.phase;
  }

  async #undoStep(
    { path, act, had }: Step,
    there: ReadonlyMap<string, FileFacts>,
    signal: AbortSignal,
  ) {
    const [old, fresh] = [beside(path, "old"), beside(path, "new")];
    // The rename has not been: what is there was there before.
    if (act === "put" && there.has(fresh)) return;
    if (there.has(old)) await this.#rename(old, path, signal);
    else if (!had) await this.#machine.remove(path, signal);
  }

  /**
   * What lies beside goes, and folders that nobody needs. That is done again
   * before the next change, rather than written down.
   */
  async #sweep(signal: AbortSignal): Promise<void> {
    const { change, files } = this.manifest;
    const { steps = [], kept = [], directories = [] } = change ?? {};
    const rest = steps.flatMap(({ path }) => [
      // The old one first: without the new one a step would count as done.
      beside(path, "old"),
      beside(path, "new"),
    ]);
    const isKept = (path: string) =>
      files.some((file) => file.path === path && file.before);
    const unkept = [...steps.map(({ path }) => path), ...kept]
      .filter((path) => !isKept(path))
      .map((path) => this.#store.before(path));
    const all = [...rest, this.#store.news, ...unkept];
    await removeAll(this.#machine, all, signal);
    await removeEmpty(this.#machine, directories, signal);
  }

  /** Answers what it has written. */
  async #putBeside(
    step: PlannedStep,
    now: FileFacts | undefined,
    signal: AbortSignal,
  ): Promise<string[]> {
    const { path, act, had, source, rights } = step;
    if (act === "take" || rights === undefined) return [];
    const store = this.#store;
    const from =
      source === "before" ? store.before(path) : `${store.news}${path}`;
    const fresh = await this.#copy(from, beside(path, "new"), rights, signal);
    if (!had) return fresh;
    if (now?.kind !== "file")
      throw new UserError(
        `${path} on host "${this.#machine.name}" has changed while this ran. Run "pulumi up" again`,
      );
    return [
      ...fresh,
      ...(await this.#copy(path, beside(path, "old"), now, signal)),
    ];
  }

  async #copy(
    from: string,
    to: string,
    rights: Rights,
    signal: AbortSignal,
  ): Promise<string[]> {
    await install(this.#machine, from, to, rights, { signal });
    return [to];
  }

  /** Folders that the new files need and that are not there, the highest first. */
  async #missing(
    steps: readonly Step[],
    signal: AbortSignal,
  ): Promise<string[]> {
    const puts = steps.filter(({ act, had }) => act === "put" && !had);
    const above = new Set<string>();
    for (const folder of folders(puts.map(({ path }) => path)))
      for (let at = folder; at !== "/"; at = posix.dirname(at)) above.add(at);
    const there = await this.#machine.stat([...above], signal);
    return [...above]
      .filter((folder) => !there.has(folder))
      .sort((left, right) => left.length - right.length);
  }

  #rename(from: string, to: string, signal: AbortSignal) {
    return this.#machine.run(["mv", "--no-target-directory", "--", from, to], {
      signal,
    });
  }

  async #sync(steps: readonly Step[], signal: AbortSignal): Promise<void> {
    const paths = folders(steps.map(({ path }) => path));
    if (paths.length > 0)
      await this.#machine.run(["sync", ...paths], { signal, codes: [0, 1] });
  }

  async #phase(phase: Change["phase"], signal: AbortSignal): Promise<void> {
    const { change } = this.manifest;
    if (change) await this.#save({ ...change, phase }, signal);
  }

  #save(change: Change, signal: AbortSignal): Promise<void> {
    this.manifest = { ...this.manifest, change };
    return this.#store.save(this.manifest, signal);
  }
}
