import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Certificate } from "../certificates";
import type { OpenwrtRouter } from "./router";
import type { OpenwrtOptions } from "./spec";
import { callUbus, objectNames, type RpcError, signatures } from "./ubus";

/** UH_UBUS_MAX_POST_SIZE */
const bodyLimit = 65_536;
const secret = /^(password|data)$/;

interface Request {
  jsonrpc?: unknown;
  id?: unknown;
  method?: unknown;
  params?: unknown;
}

const parseError: RpcError = { code: -32_700, message: "Parse error" };

/** uhttpd with its ubus plugin. */
export function serve(
  router: OpenwrtRouter,
  options: OpenwrtOptions,
  { cert, key }: Certificate,
): Server {
  const server = createServer(
    { cert, key, keepAliveTimeout: 20_000 },
    (request, response) => {
      void answer(router, options, request, response);
    },
  );
  // The firewall judges who begins to talk, not who goes on.
  server.on("connection", (socket) => {
    if (!router.letsIn) socket.destroy();
  });
  return server;
}

async function answer(
  router: OpenwrtRouter,
  options: OpenwrtOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.on("error", () => undefined)) {
    length += (chunk as Buffer).length;
    if (length <= bodyLimit) chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  const frozen = router.faults.hit("frozen", subjectsOf(text));
  if (frozen) router.freeze(frozen.ms ?? 15_000);
  await sleep((options.latencyMs ?? 0) + router.frozenMs);
  if (!router.isReached || request.socket.destroyed)
    return void request.socket.destroy();
  if (request.method !== "POST" || request.url?.split("?")[0] !== "/ubus") {
    response.writeHead(404).end();
    return;
  }
  if (length > bodyLimit) {
    response.writeHead(200, {
      connection: "close",
      "content-type": "application/json",
    });
    response.end(
      JSON.stringify({ jsonrpc: "2.0", id: null, error: parseError }),
    );
    return;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const isDown = router.faults.hit("service-down", subjectsOf(text));
  const results: object[] = [];
  for (const item of Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]) {
    const { reply, isLost } = one(
      router,
      options,
      (item ?? {}) as Request,
      item === null || typeof item !== "object" || Array.isArray(item),
    );
    if (isLost) return void request.socket.destroy();
    const error = { code: -32_000, message: "Object not found" };
    results.push(isDown ? { jsonrpc: "2.0", id: null, error } : reply);
  }
  if (!router.isReached) return void request.socket.destroy();
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(Array.isArray(parsed) ? results : results[0]));
}

/** "network.interface dump": the first call of a request. */
function subjectsOf(text: string): string {
  const [, object, method] =
    /"params":\["\w*","([\w.]+)","(\w+)"/.exec(text) ?? [];
  return `${object} ${method}`;
}

function one(
  router: OpenwrtRouter,
  options: OpenwrtOptions,
  { jsonrpc, id, method, params }: Request,
  isBroken: boolean,
): { reply: object; isLost: boolean } {
  const head = { jsonrpc: "2.0", id: id ?? null };
  const fail = (error: RpcError) => ({
    reply: { ...head, error },
    isLost: false,
  });
  // uhttpd has codes for more, and sends this one.
  if (isBroken || jsonrpc !== "2.0" || typeof method !== "string")
    return fail(parseError);
  if (method === "list") {
    const result = Array.isArray(params)
      ? signatures(params.map(String))
      : objectNames;
    return { reply: { ...head, result }, isLost: false };
  }
  if (method !== "call")
    return fail({ code: -32_601, message: "Method not found" });
  const [session, object, name, args] = Array.isArray(params)
    ? (params as unknown[])
    : [];
  const isCall =
    typeof session === "string" &&
    typeof object === "string" &&
    typeof name === "string" &&
    args !== null &&
    typeof args === "object" &&
    !Array.isArray(args);
  if (!isCall) return fail(parseError);
  const subject = `${object} ${name}`;
  const { faults } = router;
  const fault = before(router, session, subject);
  const isLost = faults.hit("reply-lost", subject) !== undefined;
  options.record?.({
    object,
    method: name,
    args: masked(args as Record<string, unknown>),
    ...(fault || isLost ? { fault: fault ?? "reply-lost" } : {}),
  });
  const result = callUbus(
    router,
    session,
    object,
    name,
    args as Record<string, unknown>,
  );
  const reply = Array.isArray(result)
    ? { ...head, result }
    : { ...head, error: result };
  return { reply, isLost };
}

/** What happens to the router just before this call. */
function before(
  router: OpenwrtRouter,
  session: string,
  subject: string,
): string | undefined {
  const { faults } = router;
  if (faults.hit("session-expired", subject)) {
    router.sessions.destroy(session);
    return "session-expired";
  }
  if (faults.hit("rpcd-restart", subject)) {
    router.restartRpcd();
    return "rpcd-restart";
  }
  if (faults.hit("rpcd-reload", subject)) {
    router.reloadRpcd();
    return "rpcd-reload";
  }
  const foreign =
    subject === "uci apply" ? faults.hit("foreign-apply", subject) : undefined;
  if (foreign) {
    router.foreignApply(foreign.ms ?? 10_000);
    return "foreign-apply";
  }
  return undefined;
}

/** No secret reaches a record: neither a login's nor an option's. */
function masked(value: unknown, key = ""): unknown {
  if (secret.test(key)) return "***";
  if (value === null || typeof value !== "object" || Array.isArray(value))
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, masked(item, name)]),
  );
}
