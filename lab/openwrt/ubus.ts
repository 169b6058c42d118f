import type { OpenwrtRouter } from "./router";
import { code, type Result } from "./rpcd/codes";
import { may, nobody, type Session, tree } from "./rpcd/sessions";
import { uciMethods } from "./rpcd/uci";
import { seen, type Types } from "./rpcd/values";

type Args = Record<string, unknown>;
interface Method {
  takes: Types;
  run(router: OpenwrtRouter, session: Session, args: Args): Result;
}

const objects: Record<string, Record<string, Method>> = {
  session: {
    login: {
      takes: { username: "string", password: "string", timeout: "number" },
      run: (router, _session, args) => login(router, args),
    },
    access: {
      takes: { scope: "string", object: "string", function: "string" },
      run: (_router, session, { scope = "ubus", object, function: name }) =>
        object === undefined || name === undefined
          ? [code.ok, tree(session)]
          : [
              code.ok,
              { access: may(session, `${scope}`, `${object}`, `${name}`) },
            ],
    },
    list: {
      takes: {},
      run: (_router, session) => [code.ok, shownSession(session)],
    },
    get: {
      takes: { keys: "array" },
      run: (_router, { username }, { keys }) => [
        code.ok,
        {
          values:
            Array.isArray(keys) && !keys.includes("username")
              ? {}
              : { username },
        },
      ],
    },
    destroy: {
      takes: {},
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
      takes: {},
      run: ({ netifd }) => [code.ok, { interface: netifd.dump() }],
    },
    status: {
      takes: { interface: "string" },
      run({ netifd }, _session, { interface: name }) {
        const found = netifd.find(String(name));
        return found ? [code.ok, found] : [code.notFound];
      },
    },
  },
  "network.device": {
    status: {
      takes: { name: "string" },
      run({ netifd, spec }, _session, { name }) {
        if (name === undefined) {
          const all = spec.devices.map(
            (card) => [card.name, netifd.device(card.name)] as const,
          );
          return [code.ok, Object.fromEntries(all)];
        }
        const found = netifd.device(String(name));
        return found ? [code.ok, found] : [code.notFound];
      },
    },
  },
  mwan3: {
    status: {
      takes: { section: "string", interface: "string" },
      run({ mwan3 }, _session, { section, interface: name }) {
        return [
          code.ok,
          mwan3.status(
            section as string | undefined,
            name as string | undefined,
          ),
        ];
      },
    },
  },
  system: {
    board: {
      takes: {},
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

/** What `list` says of these objects; those that are not there it leaves out. */
export function signatures(names: readonly string[]): object {
  const known = names.filter((name) => name in objects);
  return Object.fromEntries(
    known.map((name) => [
      name,
      Object.fromEntries(
        Object.entries(objects[name] ?? {}).map(([method, { takes }]) => [
          method,
          takes,
        ]),
      ),
    ]),
  );
}

export const objectNames = Object.keys(objects).sort();

/** One call as uhttpd's ubus plugin makes it for a session. */
export function callUbus(
  router: OpenwrtRouter,
  id: string,
  object: string,
  method: string,
  args: Args,
): Result | RpcError {
  const known = objects[object];
  if (known === undefined)
    return { code: -32_000, message: "Object not found" };
  // Neither an expired session nor a missing right is told from the other.
  const session = router.sessions.find(id);
  if (!isAllowed(session, id, object, method))
    return { code: -32_002, message: "Access denied" };
  if ("ubus_rpc_session" in args)
    return { code: -32_602, message: "Invalid parameters" };
  const found = known[method];
  if (found === undefined) return [code.methodNotFound];
  const understood = seen(found.takes, args);
  if (object === "session" && method === "login")
    return login(router, understood);
  // Who has not logged in may ask what may be done without, and that is this.
  if (session === undefined) return [code.ok, { access: false }];
  return found.run(router, session, understood);
}

/** rpcd's unauthenticated.json lets anybody log in, and ask. */
function isAllowed(
  session: Session | undefined,
  id: string,
  object: string,
  method: string,
): boolean {
  if (session) return may(session, "ubus", object, method);
  return (
    id === nobody && object === "session" && /^(access|login)$/.test(method)
  );
}

function login(router: OpenwrtRouter, args: Args): Result {
  const { username, password } = args;
  if (username === undefined || password === undefined)
    return [code.invalidArgument];
  const session = router.login(args);
  return session ? [code.ok, shownSession(session)] : [code.permissionDenied];
}

function shownSession(session: Session) {
  const { id, timeoutMs, expiresAt, username } = session;
  const isEndless = timeoutMs <= 0;
  return {
    ubus_rpc_session: id,
    timeout: timeoutMs / 1_000,
    expires: isEndless ? 0 : Math.floor((expiresAt - Date.now()) / 1_000),
    acls: tree(session),
    data: { username },
  };
}
