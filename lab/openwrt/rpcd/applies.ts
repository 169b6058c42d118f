import type { Flash } from "../flash";
import { type Delta, replay } from "../uci/delta";
import { code, type Result } from "./codes";
import { may, type Session } from "./sessions";

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
    if (rollback && this.#pending) return [code.permissionDenied];
    this.flash.forgetSnapshots();
    // The trap: while another waits this applies nothing, says ok, and has just
    // taken away what a rollback would have put back.
    if (this.#pending) return [code.ok];
    this.flash.openSnapshots();
    const staged = [...session.deltas]
      .filter(([, deltas]) => deltas.length > 0)
      .sort(([one], [other]) => (one < other ? -1 : 1));
    if (staged.some(([config]) => !may(session, "uci", config, "write")))
      return [code.permissionDenied];
    if (staged.length === 0) return [code.noData];
    for (const [config, deltas] of staged) {
      this.flash.snapshot(config, deltas);
      this.#write(config, deltas);
    }
    session.deltas.clear();
    if (rollback) {
      this.#pending = {
        session: session.id,
        username: session.username,
        deltas: new Map(staged),
        timer: setTimeout(() => this.#restore(), seconds * 1_000),
      };
    }
    this.changed(staged.map(([config]) => config));
    return [code.ok];
  }

  /** `uci commit`: without a way back. */
  commit(session: Session, config: string): void {
    this.#write(config, session.deltas.get(config) ?? []);
    session.deltas.delete(config);
    this.changed([config]);
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
    for (const config of files.keys())
      session?.deltas.set(config, [...(pending?.deltas.get(config) ?? [])]);
    this.changed([...files.keys()]);
  }

  #write(config: string, deltas: readonly Delta[]): void {
    if (deltas.length === 0) return;
    const file = this.flash.config(config) ?? [];
    this.flash.commit(config, replay(file, deltas));
  }
}
