import { setTimeout as sleep } from "node:timers/promises";
import type { Endpoint } from "../../tls";
import { codes, NoReply, SessionGone, UbusRefusal } from "./errors";
import { type Call, Transport } from "./transport";

export interface Account {
  username: string;
  password: string;
}

export interface Answer {
  code: number;
  data: Record<string, unknown>;
}

const noSession = "0".repeat(32);
/** A reload of its network takes a router off the net for a while. */
const patienceMs = 30_000;
const pauseMs = 1_000;

/** One router. */
export class UbusClient {
  readonly #transport: Transport;

  constructor(
    readonly host: string,
    endpoint: Endpoint,
    private readonly account: Account,
  ) {
    this.#transport = new Transport(host, endpoint);
  }

  /** `seconds`: how long the session lives without being used. */
  async login(signal: AbortSignal, seconds: number): Promise<UbusSession> {
    const session = await this.#login(this.account, signal, seconds);
    if (session !== undefined) return session;
    throw new UbusRefusal(
      `login as "${this.account.username}"`,
      codes.permissionDenied,
      "the router does not take the name and password",
      `Check hybrid-site:credentials.${this.host}.openwrt and the router's /etc/config/rpcd; note that refresh and destroy use the credentials of the last up unless PULUMI_RUN_PROGRAM=true is set`,
    );
  }

  /** Whether a user gets in with any password: rpcd takes all of them for an empty hash. */
  async isOpen(username: string, signal: AbortSignal): Promise<boolean> {
    const password = crypto.randomUUID();
    const session = await this.#login({ username, password }, signal, 1);
    await session?.destroy(signal);
    return session !== undefined;
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #login(
    { username, password }: Account,
    signal: AbortSignal,
    timeout: number,
  ): Promise<UbusSession | undefined> {
    const call = {
      object: "session",
      method: "login",
      args: { username, password, timeout },
    };
    const [reply] = await repeated(signal, () =>
      this.#transport.send(noSession, [call], signal),
    );
    if (reply === undefined || "denied" in reply || reply.code !== codes.ok)
      return undefined;
    return new UbusSession(
      this.#transport,
      String(reply.data.ubus_rpc_session),
    );
  }
}

export class UbusSession {
  constructor(
    private readonly transport: Transport,
    private readonly id: string,
  ) {}

  /** For what changes nothing: asked again when no reply comes. */
  look(calls: readonly Call[], signal: AbortSignal): Promise<Answer[]> {
    return repeated(signal, () => this.send(calls, signal));
  }

  /** Once; NoReply when it may or may not have happened. */
  async send(
    calls: readonly Call[],
    signal: AbortSignal,
    fresh = false,
  ): Promise<Answer[]> {
    const replies = await this.transport.send(this.id, calls, signal, fresh);
    const denied = replies.findIndex((reply) => "denied" in reply);
    const call = calls[denied];
    if (call) throw await this.#whyDenied(call, signal, fresh);
    return replies as Answer[];
  }

  /** Takes what is staged in it along. */
  async destroy(signal: AbortSignal): Promise<void> {
    const call = { object: "session", method: "destroy" };
    await this.transport.send(this.id, [call], signal).catch(() => undefined);
  }

  /** An expired session and a missing right are answered alike, so the session itself is asked for. */
  async #whyDenied(
    { object, method }: Call,
    signal: AbortSignal,
    fresh: boolean,
  ): Promise<Error> {
    const probe = { object: "session", method: "access" };
    const [reply] = await this.transport.send(this.id, [probe], signal, fresh);
    if (reply === undefined || "denied" in reply) return new SessionGone();
    return new UbusRefusal(
      `${object} ${method}`,
      codes.permissionDenied,
      "the account may not call it",
      `Put the ACL file that this project ships into /usr/share/rpcd/acl.d, name its group in the account's "list read" and "list write" of /etc/config/rpcd, and restart rpcd`,
    );
  }
}

async function repeated<T>(
  signal: AbortSignal,
  send: () => Promise<T>,
): Promise<T> {
  const until = Date.now() + patienceMs;
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof NoReply) || Date.now() > until) throw error;
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
