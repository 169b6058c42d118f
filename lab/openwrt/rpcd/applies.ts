import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Flash } from "../flash";
import { type Delta, replay } from "../uci/delta";
import { code, type Result } from "./codes";
import type { Session } from "./sessions";

interface Pending {
  session: string;
  username: string;
  deltas: Map<string, Delta[]>;
  timer: NodeJS.Timeout;
}

/** rpcd's uci.c: apply under a timer, confirm, and what takes it back. */
export class Applies {
  #pending: Pending | undefined;

  constructor(
    private readonly flash: Flash,
    /** procd's event: these files are other ones now. */
    private readonly changed: (configs: string[]) => void,
    private readonly find: (session: string) => Session | undefined,
  ) {}

  get pending(): boolean {
    return this.#pending !== undefined;
  }

  /** Whose apply waits: who logs in as that user comes back into its session. */
  sessionOf(username: string): string | undefined {
    return this.#pending?.username === username
      ? this.#pending.session
      : undefined;
  }

  apply(session: Session, rollback: boolean, seconds: number): Result {
    const staged = [...session.deltas].filter(
      ([, deltas]) => deltas.length > 0,
    );
    if (staged.some(([config]) => !session.rights.has(`uci ${config} write`)))
      return [code.permissionDenied];
    if (rollback && this.#pending) return [code.permissionDenied];
    if (staged.length === 0) return [code.noData];
    // Without a rollback of its own it ends that of anybody, and nobody is told.
    if (!rollback) this.#end();
    for (const [config] of rollback ? staged : []) this.flash.snapshot(config);
    for (const [config, deltas] of staged)
      this.flash.commit(
        config,
        replay(this.flash.config(config) ?? [], deltas),
      );
    session.deltas.clear();
    if (rollback) {
      const deltas = new Map(staged);
      this.#keepDeltas(deltas);
      const timer = setTimeout(() => this.#restore(), seconds * 1_000);
      this.#pending = {
        session: session.id,
        username: session.username,
        deltas,
        timer,
      };
    }
    this.changed(staged.map(([config]) => config));
    return [code.ok];
  }

  confirm(session: Session): Result {
    const why = this.#refusal(session);
    if (why) return why;
    this.#end();
    return [code.ok];
  }

  rollback(session: Session): Result {
    const why = this.#refusal(session);
    if (why) return why;
    this.#restore();
    return [code.ok];
  }

  /** A restart of rpcd: the timer is gone, the snapshots stay. */
  forget(): void {
    clearTimeout(this.#pending?.timer);
    this.#pending = undefined;
  }

  #refusal(session: Session): Result | undefined {
    if (this.#pending === undefined) return [code.noData];
    return this.#pending.session === session.id
      ? undefined
      : [code.permissionDenied];
  }

  #end(): void {
    this.forget();
    this.flash.forgetSnapshots();
  }

  /** The files are back, and what was staged is staged again. */
  #restore(): void {
    const pending = this.#pending;
    const files = this.flash.snapshots();
    for (const [config, text] of files) this.flash.restore(config, text);
    this.#end();
    const session = pending && this.find(pending.session);
    for (const [config, deltas] of session ? (pending?.deltas ?? []) : [])
      session?.deltas.set(config, [...deltas]);
    this.changed([...files.keys()]);
  }

  #keepDeltas(deltas: ReadonlyMap<string, Delta[]>): void {
    const folder = join(this.flash.run, "snapshot-delta");
    mkdirSync(folder, { recursive: true });
    for (const [config, list] of deltas)
      writeFileSync(join(folder, config), JSON.stringify(list), {
        mode: 0o600,
      });
  }
}
