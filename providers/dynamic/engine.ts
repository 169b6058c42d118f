import { connect } from "node:net";
import { UserError } from "./failure";

export class EngineGone extends UserError {
  constructor() {
    super(
      "Unable to go on: the Pulumi engine that asked for this has ended, and another one may be at work. Run `pulumi up` again; it finds what is there and finishes it.",
    );
  }
}

const probeTimeoutMs = 1_000;

/**
 * Watches the engine that this process serves. A provider process outlives an
 * engine that was killed, and would finish its work beside the next engine's:
 * two writers. The parent's id does not tell (a shell stands between); the
 * engine's own port does: a refused connection means that it is gone.
 */
export class EngineWatch {
  readonly #controller = new AbortController();
  readonly #address: { host: string; port: number } | undefined;

  /** `address` is "host:port"; undefined where no engine runs (tests): never gone. */
  constructor(address: string | undefined) {
    const [, host, port] = /^(.*):(\d+)$/.exec(address ?? "") ?? [];
    if (host && port) this.#address = { host, port: Number(port) };
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly ensure = async (): Promise<void> => {
    if (!(await this.#answers())) this.#controller.abort(new EngineGone());
    this.signal.throwIfAborted();
  };

  /** Calls `ended` once when the engine is gone. */
  every(milliseconds: number, ended: () => void): void {
    if (this.#address === undefined) return;
    const timer = setInterval(() => {
      this.ensure().catch(() => {
        clearInterval(timer);
        ended();
      });
    }, milliseconds);
    timer.unref();
  }

  #answers(): Promise<boolean> {
    const address = this.#address;
    if (address === undefined) return Promise.resolve(true);
    return new Promise((resolve) => {
      const socket = connect(address);
      const settle = (alive: boolean) => {
        socket.destroy();
        resolve(alive);
      };
      socket.setTimeout(probeTimeoutMs, () => settle(true));
      socket.once("connect", () => settle(true));
      socket.once("error", (error: NodeJS.ErrnoException) =>
        settle(error.code !== "ECONNREFUSED"),
      );
    });
  }
}
