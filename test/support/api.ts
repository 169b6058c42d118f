import { request } from "node:https";
import type { TestLab } from "./proxmox";

export interface Answer<T = unknown> {
  status: number;
  reason: string;
  data: T;
  errors: Record<string, string>;
}

export type Params = Record<string, string | number | readonly string[]>;

/** Plain requests of the API, as any client sends them. */
export class Api {
  constructor(
    private readonly lab: TestLab,
    private readonly node = "pve",
    private readonly headers?: Record<string, string>,
  ) {}

  send<T = unknown>(
    method: string,
    path: string,
    params: Params = {},
  ): Promise<Answer<T>> {
    const { url = "", ca = "" } = this.lab.lab.endpoints[this.node] ?? {};
    const text = Object.entries(params)
      .flatMap(([key, value]) =>
        (typeof value === "object" ? value : [value]).map(
          (item) => `${key}=${encodeURIComponent(item)}`,
        ),
      )
      .join("&");
    const inQuery = method === "GET" || method === "DELETE";
    const target = new URL(
      `/api2/json${path}${inQuery && text ? `?${text}` : ""}`,
      url,
    );
    const headers = this.headers ?? {
      authorization: `PVEAPIToken=${this.lab.lab.tokens()[this.node]}`,
    };
    return new Promise((resolve, reject) => {
      const sent = request(target, { method, ca, headers }, (reply) => {
        let body = "";
        reply.on("data", (chunk) => {
          body += chunk;
        });
        reply.on("end", () => {
          const parsed = JSON.parse(body || "{}") as Partial<Answer<T>>;
          resolve({
            status: reply.statusCode ?? 0,
            reason: reply.statusMessage ?? "",
            data: parsed.data as T,
            errors: parsed.errors ?? {},
          });
        });
      });
      sent.on("error", reject);
      if (!inQuery) {
        sent.setHeader("content-type", "application/x-www-form-urlencoded");
        sent.setHeader("content-length", Buffer.byteLength(text));
        sent.write(text);
      }
      sent.end();
    });
  }

  /** Sends, and waits for the task: its exit status, or the refusal. */
  async run(method: string, path: string, params?: Params): Promise<string> {
    const answer = await this.send<string | null>(method, path, params);
    if (answer.status !== 200) return `${answer.status} ${answer.reason}`;
    if (!answer.data?.startsWith("UPID:")) return "OK";
    for (;;) {
      const { data } = await this.send<{ status: string; exitstatus: string }>(
        "GET",
        `/nodes/${this.node}/tasks/${answer.data}/status`,
      );
      if (data.status === "stopped") return data.exitstatus;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async config(vmid: number, params?: Params) {
    const path = `/nodes/${this.node}/qemu/${vmid}/config`;
    return (
      await this.send<Record<string, string | number>>("GET", path, params)
    ).data;
  }

  /** As root@pam, by a ticket. */
  async asRoot(): Promise<Api> {
    const login = this.lab.lab.root[this.node];
    const { data } = await this.send<Record<string, string>>(
      "POST",
      "/access/ticket",
      { username: "root@pam", password: login?.password ?? "" },
    );
    return new Api(this.lab, this.node, {
      cookie: `PVEAuthCookie=${encodeURIComponent(data.ticket ?? "")}`,
      csrfpreventiontoken: data.CSRFPreventionToken ?? "",
    });
  }
}
