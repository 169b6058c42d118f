import type { OpenwrtRouter } from "./router";
import { code, type Result } from "./rpcd/codes";
import { nobody, type Session } from "./rpcd/sessions";
import { uciMethods } from "./rpcd/uci";

type Args = Record<string, unknown>;
interface Method {
  takes: string[];
  run(router: OpenwrtRouter, session: Session, args: Args): Result;
}

const objects: Record<string, Record<string, Method>> = {
  session: {
    access: {
      takes: ["scope", "object", "function"],
      run: (_router, { rights }, { scope = "ubus", object, function: name }) =>
        object === undefined
          ? [code.ok, { ubus: {} }]
          : [code.ok, { access: rights.has(`${scope} ${object} ${name}`) }],
    },
    list: {
      takes: [],
      run: (_router, session) => [code.ok, shownSession(session)],
    },
    get: {
      takes: ["keys"],
      run: (_router, { username }) => [code.ok, { values: { username } }],
    },
    destroy: {
      takes: [],
      run: ({ sessions }, { id }) => [
        sessions.destroy(id) ? code.ok : code.notFound,
      ],
    },
  },
  uci: Object.fromEntries(
    Object.entries(uciMethods).map(([name, { takes, run }]) => [
      name,
      {
        takes,
        run: ({ flash, applies }, session, args) =>
          run({ flash, applies, session }, args),
      } satisfies Method,
    ]),
  ),
  "network.interface": {
    dump: {
      takes: [],
      run: ({ netifd }) => [code.ok, { interface: netifd.dump() }],
    },
    status: {
      takes: ["interface"],
      run({ netifd }, _session, { interface: name }) {
        const found = netifd.find(String(name));
        return found ? [code.ok, found] : [code.notFound];
      },
    },
  },
  "network.device": {
    status: {
      takes: ["name"],
      run({ netifd }, _session, { name }) {
        const found = netifd.device(String(name));
        return found ? [code.ok, found] : [code.notFound];
      },
    },
  },
  mwan3: {
    status: {
      takes: ["section", "interface"],
      run({ mwan3 }, _session, { section, interface: name }) {
        const found = mwan3.status(
          section as string | undefined,
          name as string | undefined,
        );
        return found ? [code.ok, found] : [code.invalidArgument];
      },
    },
  },
  system: {
    board: {
      takes: [],
      run: ({ spec }) => [
        code.ok,
        {
          hostname: spec.name,
          system: "QEMU Standard PC",
          model: "QEMU Standard PC (Q35 + ICH9, 2009)",
          board_name: "qemu-standard-pc-q35-ich9-2009",
          release: {
            distribution: "OpenWrt",
            version: "24.10.2",
            target: "x86/64",
          },
        },
      ],
    },
  },
};

export interface RpcError {
  code: number;
  message: string;
}

/** One call as uhttpd's ubus plugin makes it for a session. */
export function callUbus(
  router: OpenwrtRouter,
  id: string,
  object: string,
  method: string,
  args: Args,
): Result | RpcError {
  if (object === "session" && method === "login") {
    const session = router.login(args);
    return session ? [code.ok, shownSession(session)] : [code.permissionDenied];
  }
  const session = router.sessions.find(id);
  // Neither an expired session nor a missing right is told from the other.
  const isAllowed =
    session?.rights.has(`ubus ${object} ${method}`) ||
    (object === "session" &&
      /^(access)$/.test(method) &&
      (session !== undefined || id === nobody));
  if (session === undefined || !isAllowed)
    return { code: -32_002, message: "Access denied" };
  const known = objects[object];
  if (known === undefined)
    return { code: -32_000, message: "Object not found" };
  const found = known[method];
  if (found === undefined) return [code.methodNotFound];
  if (Object.keys(args).some((key) => !found.takes.includes(key)))
    return [code.invalidArgument];
  return found.run(router, session, args);
}

function shownSession({ id, timeoutMs, expiresAt, username }: Session) {
  return {
    ubus_rpc_session: id,
    timeout: timeoutMs / 1_000,
    expires: Math.round((expiresAt - Date.now()) / 1_000),
    acls: {},
    data: { username },
  };
}
