import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Flash } from "../flash";
import type { Delta } from "../uci/delta";

export interface Session {
  id: string;
  username: string;
  timeoutMs: number;
  expiresAt: number;
  /** What the groups of its login allow, "ubus uci get", "uci network write". */
  rights: Set<string>;
  deltas: Map<string, Delta[]>;
}

/** Scopes, and in them objects with their functions, or objects alone. */
type Rights = Record<string, Record<string, string[]> | string[]>;
type Group = { read?: Rights; write?: Rights };

export const nobody = "0".repeat(32);
/** rpcd's session.c */
const defaultTimeoutSeconds = 300;

/** rpcd's sessions: in memory, each use makes them live on. */
export class Sessions {
  readonly #all = new Map<string, Session>();

  constructor(
    private readonly flash: Flash,
    /** What `$p$USER` of /etc/config/rpcd points to; "" takes any password. */
    private readonly shadow: Readonly<Record<string, string>>,
  ) {}

  find(id: string): Session | undefined {
    const session = this.#all.get(id);
    if (session === undefined) return undefined;
    if (Date.now() > session.expiresAt) {
      this.#all.delete(id);
      return undefined;
    }
    if (session.timeoutMs > 0)
      session.expiresAt = Date.now() + session.timeoutMs;
    return session;
  }

  /** `again`: the session that a user with a pending apply comes back into. */
  login(
    args: Record<string, unknown>,
    again: (username: string) => string | undefined,
  ): Session | undefined {
    const { username, password, timeout } = args;
    if (typeof username !== "string" || typeof password !== "string")
      return undefined;
    const logins = (this.flash.config("rpcd") ?? []).filter(
      ({ type, options }) =>
        type === "login" && options.get("username") === username,
    );
    const login = logins.find(({ options }) =>
      this.#opens(`${options.get("password") ?? ""}`, password),
    );
    if (login === undefined) return undefined;
    const known = this.find(again(username) ?? "");
    if (known) return known;
    const timeoutMs =
      (typeof timeout === "number" ? timeout : defaultTimeoutSeconds) * 1_000;
    const endless = timeoutMs <= 0 ? Number.POSITIVE_INFINITY : timeoutMs;
    const session: Session = {
      id: randomBytes(16).toString("hex"),
      username,
      timeoutMs,
      expiresAt: Date.now() + endless,
      rights: this.#rights(
        globs(login.options.get("read")),
        globs(login.options.get("write")),
      ),
      deltas: new Map(),
    };
    this.#all.set(session.id, session);
    return session;
  }

  destroy(id: string): boolean {
    return this.#all.delete(id);
  }

  clear(): void {
    this.#all.clear();
  }

  /** rpc_login_test_password: no password set is no question. */
  #opens(hash: string, password: string): boolean {
    if (/^[!x]?$/.test(hash)) return true;
    if (!hash.startsWith("$p$")) return isHashOf(hash, password);
    const known = this.shadow[hash.slice(3)];
    return known === "" || known === password;
  }

  #rights(read: Match, write: Match): Set<string> {
    const rights = new Set<string>();
    for (const name of this.flash.list("usr/share/rpcd/acl.d")) {
      const text = this.flash.read(`usr/share/rpcd/acl.d/${name}`) ?? "{}";
      for (const [group, { read: reading, write: writing }] of Object.entries(
        JSON.parse(text) as Record<string, Group>,
      )) {
        // Who may write may read.
        if (reading && (read(group) || write(group)))
          grant(rights, group, reading, "read");
        if (writing && write(group)) grant(rights, group, writing, "write");
      }
    }
    return rights;
  }
}

/** crypt(3), which Node has not; a text that is no hash is the hash of nothing. */
function isHashOf(hash: string, password: string): boolean {
  const [, kind, salt] = /^\$([156])\$([^$]+)\$[./\w]+$/.exec(hash) ?? [];
  if (kind === undefined || salt === undefined) return false;
  const { error, stdout } = spawnSync(
    "openssl",
    ["passwd", `-${kind}`, "-salt", salt, "-stdin"],
    { input: password, encoding: "utf8" },
  );
  if (error) throw error;
  return stdout.trim() === hash;
}

function grant(
  rights: Set<string>,
  group: string,
  scopes: Rights,
  mode: string,
): void {
  rights.add(`access-group ${group} ${mode}`);
  for (const [scope, objects] of Object.entries(scopes)) {
    const all = Array.isArray(objects)
      ? objects.map((object) => [object, [mode]] as const)
      : Object.entries(objects);
    for (const [object, functions] of all)
      for (const name of functions) rights.add(`${scope} ${object} ${name}`);
  }
}

/** A right may have wildcards in its object and its function. */
export function may(
  { rights }: Session,
  scope: string,
  object: string,
  name: string,
): boolean {
  if (rights.has(`${scope} ${object} ${name}`)) return true;
  return [...rights].some((right) => {
    const [of = "", objects = "", names = ""] = right.split(" ");
    return of === scope && isLike(objects, object) && isLike(names, name);
  });
}

/** As rpcd shows them: scopes, their objects, and the functions of each. */
export function tree({ rights }: Session) {
  const scopes: Record<string, Record<string, string[]>> = {};
  for (const right of [...rights].sort()) {
    const [scope = "", object = "", name = ""] = right.split(" ");
    scopes[scope] ??= {};
    const objects = scopes[scope];
    objects[object] = [...(objects[object] ?? []), name];
  }
  return scopes;
}

type Match = (group: string) => boolean;

/** Names of groups with wildcards, and with "!" before those that are taken out. */
function globs(value: string | string[] | undefined): Match {
  // An option that is no list counts for nothing.
  const patterns = Array.isArray(value) ? value : [];
  const [out, wanted] = [true, false].map((isOut) =>
    patterns.filter((item) => item.startsWith("!") === isOut),
  );
  return (group) =>
    !out?.some((item) => isLike(item.slice(1).trim(), group)) &&
    wanted?.some((item) => isLike(item, group)) === true;
}

/** fnmatch(3) */
function isLike(glob: string, text: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}$`).test(text);
}
