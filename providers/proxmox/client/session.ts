import { setMaxListeners } from "node:events";
import type { Proxmox } from "proxmox-api";
import type { Endpoint } from "../../tls";
import { type Credential, Login } from "./auth";
import { type Params, reencodePath } from "./encoding";
import { retrying } from "./retry";
import { Tasks } from "./tasks";
import { type Method, Transport } from "./transport";

export interface ClusterResource {
  id: string;
  type: string;
  node?: string;
  vmid?: number;
  name?: string;
  status?: string;
  template?: boolean;
  tags?: string;
  pool?: string;
  /** State that the HA stack has the guest in; left out: not its own. */
  hastate?: string;
}

/** For looking up what is seldom new; what is missing is then looked for afresh. */
export const recentlyMs = 2_000;
const listTimeoutMs = 30_000;

export interface ClientOptions {
  /** The host's name in the manifest. */
  host: string;
  endpoint: Endpoint;
  credential: Credential;
  /** Awaited before every request that may change something; throws to stop it. */
  beforeWrite?: () => Promise<void>;
}

/** One client a host: its connections, login and lists serve all operations. */
export class ProxmoxClient {
  readonly #transport: Transport;
  readonly #login: Login;
  readonly #tasks: Tasks;
  readonly #beforeWrite: (() => Promise<void>) | undefined;
  readonly #lists = new Map<string, { at: number; value: Promise<unknown> }>();

  constructor({ host, endpoint, credential, beforeWrite }: ClientOptions) {
    this.#transport = new Transport(host, endpoint);
    this.#login = new Login(this.#transport, credential);
    this.#beforeWrite = beforeWrite;
    this.#tasks = new Tasks(({ path, params, signal }) =>
      this.#request("GET", path, params, signal),
    );
  }

  /** A view in which everything ends with `signal.reason` once it aborts. */
  session(
    signal: AbortSignal,
    tell: (text: string) => void = () => undefined,
  ): ProxmoxSession {
    // All that an operation does at once waits on it: many, and no leak.
    setMaxListeners(Number.POSITIVE_INFINITY, signal);
    return new ProxmoxSession(
      this,
      (method, path, params) => this.#request(method, path, params, signal),
      async (upid, what) => {
        const { warnings } = await this.#tasks.wait(upid, what, signal);
        if (warnings.length > 0) tell(`${what} warns: ${warnings.join(" | ")}`);
      },
      (path, params, maxAgeMs) => this.#shared(path, params, maxAgeMs),
    );
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #request<T>(
    method: Method,
    path: string,
    params: Params | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const once = async (mayRenew = true): Promise<unknown> => {
      if (method !== "GET") await this.#beforeWrite?.();
      const { headers, ticket } = await this.#login.prove(method, signal);
      try {
        const call = { method, path, params, headers, signal };
        return await this.#transport.send(call);
      } catch (error) {
        if (!mayRenew || !this.#login.renew(error, ticket)) throw error;
        return once(false);
      }
    };
    return retrying(method, signal, () => once()) as Promise<T>;
  }

  /** Operations that run side by side share an answer of at most that age. */
  #shared(path: string, params: Params, maxAgeMs: number): Promise<unknown> {
    const key = `${path}?${JSON.stringify(params)}`;
    const known = this.#lists.get(key);
    const now = Date.now();
    if (known && known.at + maxAgeMs >= now) return known.value;
    // Not an operation's signal: the list is everybody's.
    const signal = AbortSignal.timeout(listTimeoutMs);
    const value = this.#request("GET", path, params, signal);
    this.#lists.set(key, { at: now, value });
    value.catch(() => {
      if (this.#lists.get(key)?.value === value) this.#lists.delete(key);
    });
    return value;
  }
}

export class ProxmoxSession {
  readonly #startedAt = Date.now();
  #api: Proxmox.Api | undefined;

  constructor(
    /** What the sessions of one host have in common. */
    readonly client: object,
    /** For what the typings lack, which stand at PVE 8; path values by `path`. */
    readonly request: <T>(
      method: Method,
      path: string,
      params?: Params,
    ) => Promise<T>,
    /** Ends with the task; its warnings are told, and are no failure. */
    readonly task: (upid: string, what: string) => Promise<void>,
    private readonly ask: (
      path: string,
      params: Params,
      maxAgeMs: number,
    ) => Promise<unknown>,
  ) {}

  /** The whole API, typed by proxmox-api, over our own transport. */
  get api(): Proxmox.Api {
    this.#api ??= typedApi(this.request);
    return this.#api;
  }

  /**
   * A GET that operations side by side share: asked for at most `maxAgeMs`
   * ago, or since this session started.
   */
  shared<T>(path: string, params: Params, maxAgeMs?: number): Promise<T> {
    const age = maxAgeMs ?? Date.now() - this.#startedAt;
    return this.ask(path, params, age) as Promise<T>;
  }

  /** The cluster's guests. */
  guests(maxAgeMs?: number): Promise<ClusterResource[]> {
    return this.shared("/cluster/resources", { type: "vm" }, maxAgeMs);
  }

  async findGuest(
    vmId: number,
    maxAgeMs?: number,
  ): Promise<ClusterResource | undefined> {
    return (await this.guests(maxAgeMs)).find(({ vmid }) => vmid === vmId);
  }
}

function typedApi(request: ProxmoxSession["request"]): Proxmox.Api {
  // Loaded at first use: it brings a fetch engine of its own, which retries
  // POST and so is never used.
  const { proxmoxApi } = require("proxmox-api") as typeof import("proxmox-api");
  return proxmoxApi({
    doRequest: (method, path, _template, params) =>
      request(
        method.toUpperCase() as Method,
        reencodePath(path.replace(/^\/api2\/json/, "")),
        params,
      ),
  });
}
