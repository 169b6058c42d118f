import { randomBytes } from "node:crypto";
import type { Faults } from "./faults";
import { Flash } from "./flash";
import { fw4Warnings, letsIn } from "./fw4";
import { Mwan3 } from "./mwan3";
import { Netifd } from "./netifd";
import { Applies } from "./rpcd/applies";
import { type Session, Sessions } from "./rpcd/sessions";
import { Scripts } from "./scripts";
import type { OpenwrtSpec } from "./spec";

const httpsPort = 443;

/** One OpenWrt: its flash, what runs over it, and what is bent of it. */
export class OpenwrtRouter {
  readonly flash: Flash;
  readonly netifd: Netifd;
  readonly mwan3: Mwan3;
  readonly log: string[] = [];
  readonly #scripts: Scripts;
  #sessions: Sessions;
  #applies: Applies;
  #isUp = false;
  #frozenUntil = 0;

  constructor(
    directory: string,
    readonly spec: OpenwrtSpec,
    readonly faults: Faults,
  ) {
    this.flash = new Flash(directory);
    if (this.flash.isNew) this.flash.fill(spec.files);
    this.#scripts = new Scripts(this.flash);
    this.#sessions = new Sessions(this.flash, spec.shadow);
    this.#applies = this.#newApplies();
    this.netifd = new Netifd(this.flash, faults, spec, (names) =>
      this.mwan3.bounced(names),
    );
    this.mwan3 = new Mwan3(this.flash, faults, this.netifd, spec, (line) =>
      this.log.push(line),
    );
  }

  get sessions(): Sessions {
    return this.#sessions;
  }

  get applies(): Applies {
    return this.#applies;
  }

  boot(): void {
    // Before the snapshots go: a guard that waits for that would take it for a confirmation.
    this.#scripts.powerOff();
    this.flash.emptyMemory();
    this.#sessions = new Sessions(this.flash, this.spec.shadow);
    this.#applies = this.#newApplies();
    this.#scripts.boot();
    this.netifd.start();
    this.mwan3.start();
    this.#isUp = true;
  }

  /** As `poweroff` does, or a host that ends its guests in order. */
  shutDown(): void {
    this.#scripts.shutDown();
    this.powerOff();
  }

  /** Power goes: what is in memory is lost, timers too. */
  powerOff(): void {
    this.#scripts.powerOff();
    this.#isUp = false;
    this.#applies.forget();
    this.netifd.stop();
    this.mwan3.stop();
  }

  /** A restart keeps the snapshots and forgets who may confirm. */
  restartRpcd(): void {
    this.#applies.forget();
    this.#sessions = new Sessions(this.flash, this.spec.shadow);
    this.#applies = this.#newApplies();
  }

  /** SIGHUP: its sessions live on, its timer does not. */
  reloadRpcd(): void {
    this.#applies.forget();
  }

  login(args: Record<string, unknown>): Session | undefined {
    return this.#sessions.login(args, (user) => this.#applies.sessionOf(user));
  }

  freeze(ms: number): void {
    this.#frozenUntil = Date.now() + ms;
  }

  get frozenMs(): number {
    return Math.max(0, this.#frozenUntil - Date.now());
  }

  /** Whether packets of who administers it come and go. */
  get isReached(): boolean {
    return this.#isUp && this.netifd.managed() !== undefined;
  }

  /** Whether a connection may begin, which the firewall asks only then. */
  get letsIn(): boolean {
    const from = this.netifd.managed();
    const firewall = this.flash.config("firewall") ?? [];
    return (
      this.#isUp &&
      from !== undefined &&
      letsIn(firewall, from, this.spec.managementAddress, httpsPort)
    );
  }

  /** Somebody else stages a change, applies it, and does not confirm for a while. */
  foreignApply(ms: number): void {
    const session: Session = {
      id: randomBytes(16).toString("hex"),
      username: "somebody",
      timeoutMs: ms * 2,
      expiresAt: Date.now() + ms * 2,
      rights: new Set(["uci system write", "uci system read"]),
      deltas: new Map([["system", [["set", "theirs", "timeserver"]]]]),
    };
    this.#applies.apply(session, true, ms / 1_000);
  }

  /** What procd does of it: services reload some time after rpcd has answered. */
  changed(configs: readonly string[]): void {
    if (configs.includes("network")) this.netifd.reload();
    if (configs.includes("mwan3")) this.mwan3.restart();
    if (configs.includes("firewall"))
      this.log.push(...fw4Warnings(this.flash.config("firewall") ?? []));
    this.#scripts.changed(configs);
  }

  #newApplies(): Applies {
    return new Applies(
      this.flash,
      (configs) => this.changed(configs),
      (id) => this.#sessions.find(id),
    );
  }
}
