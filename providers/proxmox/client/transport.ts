import type { Agent } from "undici";
import { type Endpoint, PinMismatch, verifiedConnector } from "../../tls";
import { encodeForm, type Params } from "./encoding";
import { outcomeOf, ProxmoxError } from "./errors";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

export interface Call {
  method: Method;
  path: string;
  params?: Params;
  headers?: Record<string, string>;
  signal: AbortSignal;
}

/** pveproxy closes an idle connection after 5 s (AnyEvent.pm); we must be first. */
const keepAliveMs = 4_000;
const connections = 8;
/** Longer than pveproxy's own 30 s between its two hops. */
const replyTimeoutMs = 60_000;

/** Failures of a connection that never came to be. */
const notConnected =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

/** One request and its reply; no retry, no login. */
export class Transport {
  readonly #agent: Agent;

  constructor(
    readonly host: string,
    readonly endpoint: Endpoint,
  ) {
    if (!endpoint.url.startsWith("https://")) {
      throw new Error(
        `the URL of host "${host}" is not https: ${endpoint.url}`,
      );
    }
    if (!endpoint.ca && !endpoint.fingerprints?.length) {
      throw new Error(
        `host "${host}" has neither a CA nor a fingerprint, and an unverified connection is not made. Set hybrid-site:endpoints.${host}.proxmox.fingerprints (pvenode cert info)`,
      );
    }
    // Loaded when a host is asked something: a preview asks nothing.
    const undici = require("undici") as typeof import("undici");
    this.#agent = new undici.Agent({
      connect: verifiedConnector(endpoint),
      connections,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      headersTimeout: replyTimeoutMs,
      bodyTimeout: replyTimeoutMs,
      pipelining: 1,
    });
  }

  async send(call: Call): Promise<unknown> {
    const { method, signal } = call;
    const form = encodeForm(call.params ?? {});
    const inQuery = method === "GET" || method === "DELETE";
    const query = inQuery && form ? `?${form}` : "";
    let status: number;
    let reason: string;
    let text: string;
    try {
      const reply = await this.#agent.request({
        origin: new URL(this.endpoint.url).origin,
        path: `/api2/json${call.path}${query}`,
        method,
        headers: {
          accept: "application/json",
          ...(inQuery
            ? {}
            : { "content-type": "application/x-www-form-urlencoded" }),
          ...call.headers,
        },
        body: inQuery ? null : form,
        signal,
      });
      status = reply.statusCode;
      reason = reply.statusText;
      text = await reply.body.text();
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw this.#broken(call, cause as NodeJS.ErrnoException);
    }
    const body = parse(text);
    // The list of interfaces comes with what is staged beside it.
    if (body.changes && Array.isArray(body.data)) {
      Object.assign(body.data, { changes: body.changes });
    }
    if (status < 400) return body.data;
    throw this.#refused(
      call,
      status,
      body.message?.trim() || reason,
      body.errors,
    );
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  #broken(call: Call, cause: NodeJS.ErrnoException): ProxmoxError {
    const { url } = this.endpoint;
    const base = { ...this.#where(call), status: 0, cause };
    if (cause instanceof PinMismatch) {
      return new ProxmoxError({
        ...base,
        outcome: "not-executed",
        reason: `${url} is not the host it should be: ${cause.message}`,
        remedy: `Compare with "pvenode cert info" on the host itself; if it was renewed, set hybrid-site:endpoints.${this.host}.proxmox.fingerprints`,
      });
    }
    const tls =
      /^(ERR_TLS|ERR_SSL|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED|CERT_)/.test(
        cause.code ?? "",
      );
    const unsent = tls || notConnected.test(cause.code ?? "");
    return new ProxmoxError({
      ...base,
      outcome: unsent ? "not-executed" : "unknown",
      reason: `${url} ${unsent ? "cannot be reached" : "broke the connection"}: ${cause.message || cause.code}`,
      remedy: tls
        ? `Check the CA in hybrid-site:endpoints.${this.host}.proxmox against the host's certificate`
        : `Check that the host is up and that hybrid-site:endpoints.${this.host}.proxmox.url is its address`,
    });
  }

  #refused(
    call: Call,
    status: number,
    reason: string,
    errors?: Record<string, string>,
  ): ProxmoxError {
    return new ProxmoxError({
      ...this.#where(call),
      status,
      reason,
      errors,
      outcome: outcomeOf(status, reason),
      remedy: this.#remedy(status, reason),
    });
  }

  #remedy(status: number, reason: string): string | undefined {
    if (status === 401) {
      return `Check hybrid-site:credentials.${this.host}.proxmox; note that refresh and destroy use the credentials of the last up unless PULUMI_RUN_PROGRAM=true is set`;
    }
    const [, where, privilege] =
      /Permission check failed \((\S+), ([\w.|]+)\)/.exec(reason) ?? [];
    return privilege
      ? `Grant ${privilege} on ${where} to the user or token (pveum acl modify ${where} --roles ROLE --tokens USER@REALM!ID)`
      : undefined;
  }

  #where({ method, path }: Call) {
    return { host: this.host, method, path };
  }
}

interface Body {
  data?: unknown;
  changes?: string;
  errors?: Record<string, string>;
  message?: string;
}

/** A 401 and the pseudo codes have no body, and a proxy between may send HTML. */
function parse(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {};
  }
}
