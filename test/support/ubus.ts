import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type OpenwrtCommand,
  type OpenwrtSpec,
  startOpenwrt,
} from "../../lab/openwrt";
import { withCertificates } from "./certificates";
import { image, password } from "./openwrt";

export const nobody = "0".repeat(32);

type Args = Record<string, unknown>;
export type Result = [code: number, data?: Args];
export interface Answer {
  id?: unknown;
  result?: Result;
  error?: { code: number; message: string };
}

export interface Ubus {
  directory: string;
  /** A body as it is. */
  post(body: string): Promise<unknown>;
  /** The whole answer of one call. */
  ask(
    sid: string,
    object: string,
    method: string,
    args?: unknown,
  ): Promise<Answer>;
  /** The result, where there is one. */
  call(
    sid: string,
    object: string,
    method: string,
    args?: Args,
  ): Promise<Result>;
  login(username?: string, timeout?: number): Promise<string>;
  control<T = unknown>(command: OpenwrtCommand): T;
  file(config: string): string;
  stop(keep?: boolean): Promise<void>;
}

/** All that the router has rights for, to be given to root. */
const everything = JSON.stringify({
  everything: {
    read: { ubus: { "*": ["*"] }, uci: ["*"] },
    write: { ubus: { "*": ["*"] }, uci: ["*"] },
  },
});

/** A router without anything of ours before it: bare HTTPS and JSON. */
export async function startUbus(
  files: Record<string, string> = {},
  kept?: string,
): Promise<Ubus> {
  const directory = kept ?? mkdtempSync(join(tmpdir(), "hybrid-site-ubus-"));
  const line = (number: number) => ({
    name: `isp${number}`,
    device: `eth${number}`,
    address: `100.64.${number}.2/24`,
    gateway: `100.64.${number}.1`,
    // The third provider has IPv4 only.
    ipv6:
      number === 3
        ? undefined
        : { address: `2001:db8:${number}::2/128`, gateway: "fe80::1" },
    reaches: number === 3 ? ["1.1.1.1"] : ("all" as const),
  });
  const spec: OpenwrtSpec = {
    name: "router",
    listen: { host: "127.0.0.1", port: 0 },
    devices: [0, 1, 2, 3].map((number) => ({
      name: `eth${number}`,
      mac: `bc:24:11:00:00:0${number}`,
    })),
    trunk: "eth0",
    managementAddress: "10.0.10.1",
    lines: [line(1), line(2), line(3)],
    files: {
      ...image,
      "usr/share/rpcd/acl.d/everything.json": everything,
      ...files,
    },
    shadow: { root: password, "hybrid-site": password },
  };
  const lab = await withCertificates(directory, () =>
    startOpenwrt({ directory, spec }),
  );
  const agent = new Agent({ ca: lab.endpoint.ca, keepAlive: true });
  const post = (body: string) => send(agent, `${lab.endpoint.url}/ubus`, body);
  // Its network is not up at once.
  const isReached = () =>
    post("[]").then(
      () => true,
      () => false,
    );
  while (!(await isReached()))
    await new Promise((resolve) => setTimeout(resolve, 30));
  const ask: Ubus["ask"] = (sid, object, method, args = {}) =>
    post(
      JSON.stringify({
        jsonrpc: "2.0",
        id: 7,
        method: "call",
        params: [sid, object, method, args],
      }),
    ) as Promise<Answer>;
  const call: Ubus["call"] = async (sid, object, method, args) => {
    const { result, error } = await ask(sid, object, method, args);
    if (result === undefined) throw new Error(`${error?.code}`);
    return result;
  };
  return {
    directory,
    post,
    ask,
    call,
    login: async (username = "hybrid-site", timeout) => {
      const [, data] = await call(nobody, "session", "login", {
        username,
        password,
        ...(timeout ? { timeout } : {}),
      });
      return String(data?.ubus_rpc_session);
    },
    control: <T>(command: OpenwrtCommand) => lab.control(command) as T,
    file: (config) => lab.control({ do: "config", config }) as string,
    stop: async (keep = false) => {
      agent.destroy();
      await lab.close();
      if (!keep) rmSync(directory, { recursive: true, force: true });
    },
  };
}

function send(agent: Agent, url: string, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, method: "POST" }, (response) => {
      let text = "";
      response
        .setEncoding("utf8")
        .on("data", (part) => {
          text += part;
        })
        .on("end", () => resolve(JSON.parse(text)));
    });
    asked.on("error", reject).end(body);
  });
}
