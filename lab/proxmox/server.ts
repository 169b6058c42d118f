import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { type Call, Reply, type Route } from "./call";
import type { Certificate } from "./certificates";
import { clusterRoutes } from "./cluster-routes";
import { readParameters } from "./decode";
import { die, Failure } from "./failure";
import type { Faults } from "./faults";
import { guestRoutes } from "./guest-routes";
import type { Logins } from "./login";
import { isReachable } from "./network";
import { networkRoutes } from "./network-routes";
import { verify } from "./parameters";
import { powerRoutes } from "./power-routes";
import type { ProxmoxOptions } from "./spec";
import { storageDefinitionRoutes } from "./storage-definition-routes";
import { storageRoutes } from "./storage-routes";
import type { Tasks } from "./tasks";
import type { Node, World } from "./world";

export interface Context {
  world: World;
  tasks: Tasks;
  faults: Faults;
  logins: Logins;
  options: ProxmoxOptions;
}

const routes = [
  ...clusterRoutes,
  ...guestRoutes,
  ...powerRoutes,
  ...storageRoutes,
  ...networkRoutes,
  ...storageDefinitionRoutes,
].map((route) => ({
  ...route,
  pattern: new RegExp(`^${route.path.replace(/\{\w+\}/g, "([^/]+)")}$`),
  namesNode: route.path.startsWith("/nodes/{node}"),
}));
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
  const server = createServer(
    { cert, key, keepAliveTimeout: keepAliveMs },
    (request, response) => {
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
  const { faults, options } = context;
  const method = request.method ?? "";
  const [rawPath = "", query = ""] = (request.url ?? "").split("?");
  const path = decodeURI(rawPath).replace(/^\/api2\/(json|extjs)/, "");
  const subject = `${method} ${path}`;
  if (isCut(node) || faults.hit(["node-down"], node.name, subject))
    return void request.socket.destroy();
  const before = faults.hit(
    ["error-before", "reset-before"],
    node.name,
    subject,
  );
  const after = before
    ? undefined
    : faults.hit(["error-after", "reset-after"], node.name, subject);
  const params = await readParameters(request, query);
  options.record?.({
    method,
    path,
    params: masked(params),
    node: node.name,
    ...((before ?? after) ? { fault: (before ?? after)?.kind } : {}),
  });
  await sleep(options.latencyMs ?? 0);
  if (before) return spoil(before, request, response);
  let data: unknown;
  try {
    data = await handle(
      context,
      node,
      method,
      rawPath.replace(/^\/api2\/(json|extjs)/, ""),
      params,
      request,
    );
  } catch (error) {
    const failure =
      error instanceof Failure ? error : die((error as Error).message);
    if (failure.status === 401) await sleep(options.authDelayMs ?? 3_000);
    return after ? spoil(after, request, response) : send(response, failure);
  }
  if (after) return spoil(after, request, response);
  response.writeHead(200, "OK", {
    "content-type": "application/json;charset=UTF-8",
  });
  response.end(
    JSON.stringify(
      data instanceof Reply
        ? { data: data.data, ...data.attributes }
        : { data: data ?? null },
    ),
  );
}

/** A change of its network has taken the node off the net. */
function isCut({ network, listen }: Node): boolean {
  return !isReachable(network, listen.host);
}

async function handle(
  context: Context,
  contacted: Node,
  method: string,
  path: string,
  params: Record<string, string>,
  request: IncomingMessage,
): Promise<unknown> {
  const { cluster } = contacted;
  if (method === "POST" && path === "/access/ticket") {
    return context.logins.issue(cluster, params);
  }
  const identity = context.logins.identify(cluster, request.headers, method);
  for (const route of routes) {
    const match = route.method === method ? route.pattern.exec(path) : null;
    if (match === null) continue;
    const places = match.slice(1).map(decodeURIComponent);
    const node = route.namesNode
      ? nodeOf(context, contacted, places.shift() ?? "")
      : contacted;
    verify(route.schema ?? {}, params);
    const call: Call = {
      ...context,
      ...identity,
      contacted,
      node,
      cluster,
      params,
      places,
    };
    return (route as Route).handle(call);
  }
  throw new Failure(501, `Method '${method} ${path}' not implemented`);
}

function nodeOf(
  { world, faults }: Context,
  contacted: Node,
  name: string,
): Node {
  const node = world.nodes.get(name);
  if (node === undefined || node.cluster !== contacted.cluster) {
    throw die(
      `hostname lookup '${name}' failed - failed to get address info for: ${name}: Name or service not known`,
    );
  }
  const away =
    node !== contacted &&
    (isCut(node) || faults.hit(["node-down"], node.name, ""));
  if (away) throw new Failure(595, "No route to host");
  return node;
}

function spoil(
  fault: { kind: string; status?: number },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (fault.kind.startsWith("reset")) request.socket.destroy();
  else send(response, new Failure(fault.status ?? 596, "Connection timed out"));
}

/** The reason phrase is the message's first line; an error closes the connection. */
function send(
  response: ServerResponse,
  { status, message, errors }: Failure,
): void {
  const [reason = ""] = message.split("\n");
  const phrase = reason.replace(/[^\x20-\x7e]/g, "?");
  if (status === 401 || status > 590) {
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

function masked(params: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([key, value]) => [
      key,
      secret.test(key) ? "***" : value,
    ]),
  );
}
