import {
  createHash,
  createHmac,
  randomBytes,
  randomUUID,
  timingSafeEqual,
} from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { allPrivileges, usersOf } from "./access";
import { Failure, wrongPassword } from "./failure";
import type { Faults } from "./faults";
import { boolean, limited, type Schema, string } from "./parameters";
import type { Account, World } from "./world";

const ticketLifeMs = 2 * 3_600_000;

/** What the README gives the role of a site's token. */
const sitePrivileges = [
  "Datastore.Allocate",
  "Datastore.AllocateSpace",
  "Datastore.AllocateTemplate",
  "Datastore.Audit",
  "Mapping.Modify",
  "Mapping.Use",
  "Pool.Allocate",
  "SDN.Use",
  "Sys.AccessNetwork",
  "Sys.Audit",
  "Sys.Console",
  "Sys.Modify",
  "VM.Allocate",
  "VM.Audit",
  "VM.Clone",
  "VM.Config.CDROM",
  "VM.Config.CPU",
  "VM.Config.Cloudinit",
  "VM.Config.Disk",
  "VM.Config.HWType",
  "VM.Config.Memory",
  "VM.Config.Network",
  "VM.Config.Options",
  "VM.GuestAgent.Audit",
  "VM.Migrate",
  "VM.PowerMgmt",
];

export interface Identity {
  user: string;
  isRoot: boolean;
  account: Account;
}

export const tokenUser = "site@pve!hybrid";

export function newAccount(cluster: string, more: string[] = []): Account {
  const privileges = [...sitePrivileges, ...more];
  return { cluster, token: randomUUID(), privileges, password: randomUUID() };
}

/** PVE/API2/AccessControl.pm; of second factors and of `path` it does no more. */
export const ticketSchema: Schema = {
  required: { username: limited(64), password: string },
  optional: {
    "new-format": boolean,
    otp: string,
    path: limited(64),
    privs: limited(64),
    realm: limited(32),
    "tfa-challenge": string,
  },
  requires: { path: "privs", privs: "path" },
};

/** Who asks: by API token, or by a ticket with its CSRF token for what writes. */
export class Logins {
  readonly #expired = new Set<string>();

  constructor(
    private readonly world: World,
    private readonly faults: Faults,
  ) {}

  identify(
    cluster: string,
    node: string,
    headers: IncomingHttpHeaders,
    method: string,
    path: string,
  ): Identity {
    const account = this.#account(cluster);
    const cookie = /PVEAuthCookie=([^;]+)/.exec(headers.cookie ?? "")?.[1];
    if (cookie !== undefined) {
      const ticket = decodeURIComponent(cookie);
      if (this.faults.hit(["expire-tickets"], node, `${method} ${path}`))
        this.#expired.add(ticket);
      const user = this.#userOf(account, ticket);
      const csrf = String(headers.csrfpreventiontoken ?? "");
      if (method !== "GET" && !isSigned(account, csrf, user)) throw refused();
      return { user, isRoot: user === "root@pam", account };
    }
    const value = /^PVEAPIToken[= ](.+)$/.exec(
      headers.authorization ?? "",
    )?.[1];
    if (value === undefined) throw new Failure(401, "No ticket");
    const user = this.#tokenOwner(account, decodeURIComponent(value));
    return { user, isRoot: false, account };
  }

  /** A valid ticket is as good as a password. */
  issue(
    cluster: string,
    { username = "", password = "" }: Record<string, string>,
  ): unknown {
    const account = this.#account(cluster);
    if (!this.#mayLogIn(account, username, password)) {
      throw new Failure(401, wrongPassword);
    }
    const areas = "access dc mapping nodes sdn storage vms".split(" ");
    return {
      username,
      ticket: sign(account, `PVE:${username}:`, username),
      CSRFPreventionToken: sign(account, "", `csrf ${username}`),
      clustername: cluster,
      cap: Object.fromEntries(
        areas.map((area) => [
          area,
          Object.fromEntries(allPrivileges.map((name) => [name, 1])),
        ]),
      ),
    };
  }

  #mayLogIn(account: Account, username: string, password: string): boolean {
    const user = usersOf(account)[username];
    const own = username === "root@pam" ? account.password : user?.password;
    if (user?.enable && own === password) return true;
    try {
      return this.#userOf(account, password) === username;
    } catch {
      return false;
    }
  }

  #userOf(account: Account, ticket: string): string {
    const user = /^PVE:([^:]+):/.exec(ticket)?.[1] ?? "";
    const isKnown = usersOf(account)[user]?.enable === true;
    if (!isKnown || this.#expired.has(ticket)) throw refused();
    const rest = ticket.slice(`PVE:${user}:`.length);
    if (!isSigned(account, rest, user, "ticket")) throw refused();
    return user;
  }

  #tokenOwner(account: Account, text: string): string {
    const [, user = "", id = "", value] =
      /^([^!]+)!([^=]+)=(.+)$/.exec(text) ?? [];
    const owner = usersOf(account)[user];
    const token = owner?.tokens[id];
    const now = Date.now() / 1000;
    const isOver = (expire: number) => expire > 0 && expire < now;
    if (
      !owner?.enable ||
      isOver(owner.expire) ||
      token?.value !== value ||
      token === undefined ||
      isOver(token.expire)
    ) {
      throw refused();
    }
    return `${user}!${id}`;
  }

  #account(cluster: string): Account {
    const account = this.world.accounts.get(cluster);
    if (account === undefined) throw refused();
    return account;
  }
}

function refused(): Failure {
  return new Failure(401, "Authentication failed!");
}

/** Signed with a key of the cluster's: a restarted simulator still takes it. */
function signature(account: Account, text: string): string {
  const key = createHash("sha256").update(account.password).digest();
  return createHmac("sha256", key).update(text).digest("base64");
}

function sign(account: Account, prefix: string, text: string): string {
  const time = Math.floor(Date.now() / 1000)
    .toString(16)
    .toUpperCase()
    .padStart(8, "0");
  const separator = prefix ? "::" : ":";
  // One that has expired must not come again in the same second.
  const nonce = randomBytes(4).toString("hex");
  const signed = signature(account, `${text} ${time} ${nonce}`);
  return `${prefix}${time}${separator}${nonce}${signed}`;
}

function isSigned(
  account: Account,
  signed: string,
  user: string,
  kind: "ticket" | "csrf" = "csrf",
): boolean {
  const [, time = "0", nonce, given = ""] =
    /^([0-9A-F]{8})::?([0-9a-f]{8})(.+)$/.exec(signed) ?? [];
  const text = kind === "csrf" ? `csrf ${user}` : user;
  const wanted = Buffer.from(signature(account, `${text} ${time} ${nonce}`));
  const actual = Buffer.from(given);
  const age = Date.now() - Number.parseInt(time, 16) * 1000;
  return (
    age < ticketLifeMs &&
    actual.length === wanted.length &&
    timingSafeEqual(actual, wanted)
  );
}
