import type { Agent } from "undici";
import { type Endpoint, PinMismatch, verifiedConnector } from "../../tls";
import { codes, NoReply, UbusRefusal } from "./errors";

export interface Call {
  object: string;
  method: string;
  args?: Record<string, unknown>;
  /** An object that is not there is no error: its answer has no data. */
  optional?: boolean;
}

export type Reply =
  | { code: number; data: Record<string, unknown> }
  | { denied: true };

/** uhttpd closes an idle connection after 20 s (http_keepalive). */
const keepAliveMs = 10_000;
const connectTimeoutMs = 10_000;
/** uhttpd's script_timeout is 60 s. */
const replyTimeoutMs = 65_000;
/** UH_UBUS_MAX_POST_SIZE of uhttpd's ubus.c is 65,536; beyond it the connection closes. */
const bodyLimit = 60_000;

const accessDenied = -32_002;
const noObject = -32_000;
const notConnected =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

interface Message {
  result?: [code: number, data?: Record<string, unknown>];
  error?: { code: number; message?: string };
}

/** Requests to uhttpd's /ubus and their replies; no retry, no login. */
export class Transport {
  readonly #agent: Agent;
  /** Makes a connection for each request. */
  readonly #fresh: Agent;
  readonly #origin: string;
  #id = 0;

  constructor(
    readonly host: string,
    endpoint: Endpoint,
  ) {
    // Loaded when a router is asked something: a preview asks nothing.
    const undici = require("undici") as typeof import("undici");
    this.#origin = new URL(endpoint.url).origin;
    const settings = {
      connect: this.#origin.startsWith("https:")
        ? verifiedConnector(endpoint)
        : { timeout: connectTimeoutMs },
      connections: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      headersTimeout: replyTimeoutMs,
      bodyTimeout: replyTimeoutMs,
    };
    this.#agent = new undici.Agent(settings);
    this.#fresh = new undici.Agent({ ...settings, pipelining: 0 });
  }

  /**
   * In order, as one request where they fit in its body. `fresh`: by a new
   * connection, because a firewall lets those go on that it would not let
   * begin.
   */
  async send(
    session: string,
    calls: readonly Call[],
    signal: AbortSignal,
    fresh = false,
  ): Promise<Reply[]> {
    const replies: Reply[] = [];
    for (const part of this.#parts(session, calls)) {
      const messages = await this.#post(part.body, signal, fresh);
      if (messages.length !== part.calls.length) {
        throw new NoReply(
          `${this.#origin} answered ${messages.length} of ${part.calls.length} calls`,
          false,
        );
      }
      replies.push(
        ...messages.map((message, index) =>
          replyOf(message, part.calls[index]),
        ),
      );
    }
    return replies;
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent.close(), this.#fresh.close()]);
  }

  *#parts(session: string, calls: readonly Call[]) {
    let part: { calls: Call[]; texts: string[]; length: number } | undefined;
    const body = (texts: string[]) => `[${texts.join(",")}]`;
    for (const call of calls) {
      const text = JSON.stringify({
        jsonrpc: "2.0",
        id: ++this.#id,
        method: "call",
        params: [session, call.object, call.method, call.args ?? {}],
      });
      const length = Buffer.byteLength(text) + 1;
      if (length > bodyLimit) {
        throw new UbusRefusal(
          nameOf(call),
          0,
          `its ${length} bytes are more than the router takes at once (${bodyLimit})`,
        );
      }
      if (part && part.length + length > bodyLimit) {
        yield { calls: part.calls, body: body(part.texts) };
        part = undefined;
      }
      part ??= { calls: [], texts: [], length: 0 };
      part.calls.push(call);
      part.texts.push(text);
      part.length += length;
    }
    if (part) yield { calls: part.calls, body: body(part.texts) };
  }

  async #post(
    body: string,
    signal: AbortSignal,
    fresh: boolean,
  ): Promise<Message[]> {
    let text: string;
    let status: number;
    try {
      const reply = await (fresh ? this.#fresh : this.#agent).request({
        origin: this.#origin,
        path: "/ubus",
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal,
      });
      status = reply.statusCode;
      text = await reply.body.text();
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw this.#broken(cause as NodeJS.ErrnoException);
    }
    if (status === 404) {
      throw new UbusRefusal(
        `POST ${this.#origin}/ubus`,
        0,
        "there is no /ubus (404)",
        "Install uhttpd-mod-ubus on the router",
      );
    }
    try {
      const parsed = JSON.parse(text) as Message | Message[];
      return Array.isArray(parsed) ? parsed : [parsed];
    } catch (cause) {
      throw new NoReply(`${this.#origin} answered no JSON (${status})`, false, {
        cause,
      });
    }
  }

  #broken(cause: NodeJS.ErrnoException): Error {
    if (cause instanceof PinMismatch) {
      return new UbusRefusal(
        this.#origin,
        0,
        `it is not the router that it should be: ${cause.message}`,
        `If its certificate was renewed, set hybrid-site:endpoints.${this.host}.openwrt.fingerprints`,
      );
    }
    if (
      /^(ERR_TLS|ERR_SSL|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED|CERT_)/.test(
        cause.code ?? "",
      )
    ) {
      return new UbusRefusal(
        this.#origin,
        0,
        cause.message,
        `Check the CA in hybrid-site:endpoints.${this.host}.openwrt against the router's certificate`,
      );
    }
    const unsent = notConnected.test(cause.code ?? "");
    return new NoReply(
      `${this.#origin} ${unsent ? "cannot be reached" : "broke the connection"}: ${cause.message || cause.code}`,
      unsent,
      { cause },
    );
  }
}

function replyOf({ result, error }: Message, call: Call | undefined): Reply {
  if (result) return { code: result[0], data: result[1] ?? {} };
  if (error?.code === accessDenied) return { denied: true };
  if (error?.code === noObject && call?.optional)
    return { code: codes.notFound, data: {} };
  throw new UbusRefusal(
    call ? nameOf(call) : "the router",
    error?.code ?? 0,
    `${error?.message ?? "no result"} (JSON-RPC ${error?.code})`,
    error?.code === noObject
      ? `The router has no ubus object "${call?.object}": a package is missing or its service is down`
      : undefined,
  );
}

export function nameOf({ object, method, args = {} }: Call): string {
  const place = ["config", "section", "name"]
    .map((key) => args[key])
    .filter((value) => typeof value === "string");
  return [object, method, ...place].join(" ");
}
