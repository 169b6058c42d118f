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

interface Rights {
  ubus?: Record<string, string[]>;
  uci?: string[];
}
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
    const session: Session = {
      id: randomBytes(16).toString("hex"),
      username,
      timeoutMs,
      expiresAt: Date.now() + timeoutMs,
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

  #opens(hash: string, password: string): boolean {
    const expected = hash.startsWith("$p$") ? this.shadow[hash.slice(3)] : hash;
    // rpc_login_test_password: no hash is no question.
    return expected === "" || expected === password;
  }

  #rights(read: Match, write: Match): Set<string> {
    const rights = new Set<string>();
    for (const name of this.flash.list("usr/share/rpcd/acl.d")) {
      const text = this.flash.read(`usr/share/rpcd/acl.d/${name}`) ?? "{}";
      for (const [group, { read: reading, write: writing }] of Object.entries(
        JSON.parse(text) as Record<string, Group>,
      )) {
        // Who may write may read.
        if (read(group) || write(group)) grant(rights, reading, "read");
        if (write(group)) grant(rights, writing, "write");
      }
    }
    return rights;
  }
}

function grant(
  rights: Set<string>,
  { ubus = {}, uci = [] }: Rights = {},
  mode: string,
): void {
  for (const [object, methods] of Object.entries(ubus))
    for (const method of methods) rights.add(`ubus ${object} ${method}`);
  for (const config of uci) rights.add(`uci ${config} ${mode}`);
}

type Match = (group: string) => boolean;

/** Names of groups with "*", and with "!" before those that are taken out. */
function globs(value: string | string[] | undefined): Match {
  const patterns = [value ?? []].flat();
  const matches = (pattern: string, group: string) =>
    new RegExp(
      `^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`,
    ).test(group);
  return (group) =>
    patterns.some((item) => !item.startsWith("!") && matches(item, group)) &&
    !patterns.some(
      (item) => item.startsWith("!") && matches(item.slice(1), group),
    );
}
