import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Certificate } from "../certificates";
import { type Call, Reply } from "./call";
import { readParameters } from "./decode";
import { die, Failure } from "./failure";
import type { Fault, FaultKind, Faults } from "./faults";
import type { HaManager } from "./ha";
import { type Logins, ticketSchema } from "./login";
import { isReachable } from "./network";
import { verify } from "./parameters";
import { findRoute } from "./routes";
import type { ProxmoxOptions } from "./spec";
import type { Tasks } from "./tasks";
import { isBooting, type Node, type World } from "./world";

export interface Context {
  world: World;
  tasks: Tasks;
  faults: Faults;
  ha: HaManager;
  logins: Logins;
  options: ProxmoxOptions;
}

const knownMethods = ["GET", "POST", "PUT", "DELETE"];
const secret = /^(cipassword|password)$/;
/** AnyEvent.pm and pveproxy.pm: 5 s idle, 100 requests a connection. */
const keepAliveMs = 5_000;
const requestsPerConnection = 100;

/** pveproxy on one node. */
export function serve(
  context: Context,
  node: Node,
  { cert, key }: Certificate,
): Server {
  // Not by Node's own time-out, which it tells each client: pveproxy does not.
  const server = createServer(
    { cert, key, keepAliveTimeout: 0 },
    (request, response) => {
      request.socket.setTimeout(0);
      response.on("finish", () => request.socket.setTimeout(keepAliveMs));
      answer(context, node, request, response).catch((error: unknown) => {
        send(response, error instanceof Failure ? error : die(String(error)));
      });
    },
  );
  server.maxRequestsPerSocket = requestsPerConnection;
  return server;
}

async function answer(
  context: Context,
  node: Node,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { faults, options, world } = context;
  const method = request.method ?? "";
  const [rawPath = "", query = ""] = (request.url ?? "").split("?");
  const [, format, path = "/"] =
    /^\/api2\/(json|extjs)(\/.*)?$/.exec(unescapeOnce(rawPath)) ?? [];
  const subject = `${method} ${path}`;
  const hit = (...kinds: FaultKind[]) => faults.hit(kinds, node.name, subject);
  if (isBooting(world, node.name) || isCut(node) || hit("node-down"))
    return void request.socket.destroy();
  if (!knownMethods.includes(method))
    throw new Failure(501, `method '${method}' not available`);
  const slow = hit("latency");
  const before = hit("error-before", "reset-before");
  const after = before
    ? undefined
    : hit("error-after", "reset-after", "truncated-reply");
  const params = await readParameters(request, query);
  const fault = (before ?? after ?? slow)?.kind;
  options.record?.({
    method,
    path,
    params: masked(params),
    node: node.name,
    ...(fault ? { fault } : {}),
  });
  await sleep((options.latencyMs ?? 0) + (slow?.ms ?? 0));
  if (before) return spoil(before, request, response);
  let outcome: unknown;
  try {
    if (format === undefined)
      throw new Failure(404, `no such file '${rawPath}'`);
    outcome = await handle(context, node, method, path, params, request);
  } catch (error) {
    outcome = error instanceof Failure ? error : die((error as Error).message);
  }
  world.flush();
  if (outcome instanceof Failure && outcome.status === 401)
    await sleep(options.authDelayMs ?? 3_000);
  if (after && after.kind !== "truncated-reply")
    return spoil(after, request, response);
  if (outcome instanceof Failure && !(format === "extjs" && outcome.errorBody))
    return send(response, outcome);
  const text = JSON.stringify(bodyOf(outcome, format === "extjs"));
  response.writeHead(200, "OK", {
    "content-type": "application/json;charset=UTF-8",
    "content-length": Buffer.byteLength(text),
  });
  if (after) {
    response.write(text.slice(0, text.length / 2), () =>
      request.socket.destroy(),
    );
  } else response.end(text);
}

async function handle(
  context: Context,
  contacted: Node,
  method: string,
  path: string,
  params: Record<string, string>,
  request: IncomingMessage,
): Promise<unknown> {
  const { cluster, name } = contacted;
  if (method === "POST" && path === "/access/ticket") {
    verify(ticketSchema, params);
    return context.logins.issue(cluster, params);
  }
  const identity = context.logins.identify(
    cluster,
    name,
    request.headers,
    method,
    path,
  );
  const { route, places, nodeName } = findRoute(method, path);
  const call: Call = {
    ...context,
    ...identity,
    contacted,
    node: context.world.nodes.get(nodeName ?? "") ?? contacted,
    cluster,
    params,
    places,
  };
  route.allow?.(call);
  if (nodeName !== undefined) call.node = nodeOf(context, contacted, nodeName);
  verify(route.schema ?? {}, params);
  return route.handle(call);
}

function nodeOf(
  { world, faults }: Context,
  contacted: Node,
  name: string,
): Node {
  if (name === "localhost") return contacted;
  const node = world.nodes.get(name);
  if (node === undefined || node.cluster !== contacted.cluster) {
    throw die(
      `hostname lookup '${name}' failed - failed to get address info for: ${name}: Name or service not known`,
    );
  }
  const isAway =
    node !== contacted &&
    (isBooting(world, node.name) ||
      isCut(node) ||
      faults.hit(["node-down"], node.name, ""));
  if (isAway) throw new Failure(595, "No route to host");
  return node;
}

/** A change of its network has taken the node off the net. */
function isCut({ network, listen }: Node): boolean {
  return !isReachable(network, listen.host);
}

/** What a proxy's own errors say, and those of the library under it. */
const phrases: Record<number, string> = {
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  595: "Connection refused",
  596: "Connection timed out",
  597: "Connection reset by peer",
  599: "Too many redirections",
};

function spoil(
  fault: Fault,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (fault.kind.startsWith("reset")) return void request.socket.destroy();
  const status = fault.status ?? 596;
  send(response, new Failure(status, phrases[status] ?? "Unknown"));
}

/** ExtJS wants a property where others take the HTTP status. */
function bodyOf(outcome: unknown, isExtJs: boolean): object {
  if (outcome instanceof Failure) {
    const { message, status, errors } = outcome;
    return {
      data: null,
      success: 0,
      message: `${message}\n`,
      status,
      ...(errors ? { errors } : {}),
    };
  }
  const isReply = outcome instanceof Reply;
  return {
    data: (isReply ? outcome.data : outcome) ?? null,
    ...(isReply ? outcome.attributes : {}),
    ...(isExtJs ? { success: 1 } : {}),
  };
}

/** The reason phrase is the message's first line; an error closes the connection. */
function send(response: ServerResponse, failure: Failure): void {
  const { status, message, errors, errorBody } = failure;
  const [reason = ""] = message.split("\n");
  const phrase = reason.replace(/[^\x20-\x7e]/g, "?");
  if (!errorBody) {
    response.writeHead(status, phrase, { connection: "close" });
    response.end();
    return;
  }
  response.writeHead(status, phrase, {
    "content-type": "application/json;charset=UTF-8",
    connection: "close",
  });
  response.end(
    JSON.stringify({
      data: null,
      message: `${message}\n`,
      ...(errors ? { errors } : {}),
    }),
  );
}

/** As URI::Escape: byte for byte, and what is no escape stays. */
function unescapeOnce(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (escaped) =>
    Buffer.from(escaped.replaceAll("%", ""), "hex").toString("utf8"),
  );
}

function masked(params: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([key, value]) => [
      key,
      secret.test(key) ? "***" : value,
    ]),
  );
}
