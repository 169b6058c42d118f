import type { Proxmox } from "proxmox-api";
import { type Credential, Login } from "./auth";
import { type Params, reencodePath } from "./encoding";
import { retrying } from "./retry";
import { Tasks } from "./tasks";
import type { Endpoint } from "./tls";
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
}

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
  #list: { at: number; guests: Promise<ClusterResource[]> } | undefined;

  constructor({ host, endpoint, credential, beforeWrite }: ClientOptions) {
    this.#transport = new Transport(host, endpoint);
    this.#login = new Login(this.#transport, credential);
    this.#beforeWrite = beforeWrite;
    this.#tasks = new Tasks(({ path, params, signal }) =>
      this.#request("GET", path, params, signal),
    );
  }

  /** A view in which everything ends with `signal.reason` once it aborts. */
  session(signal: AbortSignal): ProxmoxSession {
    const since = Date.now();
    const request = <T>(method: Method, path: string, params?: Params) =>
      this.#request<T>(method, path, params, signal);
    return new ProxmoxSession(
      request,
      (upid, what) => this.#tasks.wait(upid, what, signal),
      () => this.#guests(since),
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
    const once = async () => {
      if (method !== "GET") await this.#beforeWrite?.();
      const headers = await this.#login.headers(method, signal);
      return this.#transport.send({ method, path, params, headers, signal });
    };
    return retrying(method, signal, () =>
      once().catch((error) => {
        if (this.#login.renew(error)) return once();
        throw error;
      }),
    ) as Promise<T>;
  }

  /** Operations that run side by side share a list, if it is no older than they are. */
  #guests(since: number): Promise<ClusterResource[]> {
    if (this.#list && this.#list.at >= since) return this.#list.guests;
    const guests = this.#request<ClusterResource[]>(
      "GET",
      "/cluster/resources",
      { type: "vm" },
      // Not an operation's signal: the list is everybody's.
      AbortSignal.timeout(30_000),
    );
    const list = { at: Date.now(), guests };
    this.#list = list;
    guests.catch(() => {
      if (this.#list === list) this.#list = undefined;
    });
    return guests;
  }
}

export class ProxmoxSession {
  #api: Proxmox.Api | undefined;

  constructor(
    /** For what the typings lack, which stand at PVE 8; path values by `path`. */
    readonly request: <T>(
      method: Method,
      path: string,
      params?: Params,
    ) => Promise<T>,
    readonly task: (
      upid: string,
      what: string,
    ) => Promise<{ warnings: string[] }>,
    /** The cluster's guests, as they were at this session's start or later. */
    readonly guests: () => Promise<ClusterResource[]>,
  ) {}

  /** The whole API, typed by proxmox-api, over our own transport. */
  get api(): Proxmox.Api {
    this.#api ??= typedApi(this.request);
    return this.#api;
  }

  async findGuest(vmId: number): Promise<ClusterResource | undefined> {
    return (await this.guests()).find(({ vmid }) => vmid === vmId);
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
