import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Failure } from "./failure";
import type { Account, World } from "./world";

const ticketLifeMs = 2 * 3_600_000;

/** What a token that makes guests needs on PVE 9; VM.Monitor is gone there. */
const privileges = [
  "Datastore.Allocate",
  "Datastore.AllocateSpace",
  "Datastore.AllocateTemplate",
  "Datastore.Audit",
  "SDN.Use",
  "Sys.Audit",
  "Sys.AccessNetwork",
  "Sys.Modify",
  "VM.Allocate",
  "VM.Audit",
  "VM.Clone",
  "VM.Config.CPU",
  "VM.Config.Cloudinit",
  "VM.Config.Disk",
  "VM.Config.HWType",
  "VM.Config.Memory",
  "VM.Config.Network",
  "VM.Config.Options",
  "VM.GuestAgent.Audit",
  "VM.PowerMgmt",
];

export interface Identity {
  user: string;
  isRoot: boolean;
  account: Account;
}

export const tokenUser = "site@pve!hybrid";

export function newAccount(cluster: string): Account {
  return { cluster, token: randomUUID(), privileges, password: randomUUID() };
}

/** Who asks: by API token, or by a ticket with its CSRF token for what writes. */
export class Logins {
  readonly #tickets = new Map<string, { csrf: string; until: number }>();

  constructor(private readonly world: World) {}

  identify(
    cluster: string,
    headers: IncomingHttpHeaders,
    method: string,
  ): Identity {
    const account = this.#account(cluster);
    const cookie = /PVEAuthCookie=([^;]+)/.exec(headers.cookie ?? "")?.[1];
    if (cookie !== undefined) {
      const ticket = this.#tickets.get(decodeURIComponent(cookie));
      const expired = !ticket || Date.now() > ticket.until;
      const forged =
        method !== "GET" && headers.csrfpreventiontoken !== ticket?.csrf;
      if (expired || forged) throw new Failure(401, "Authentication failed!");
      return { user: "root@pam", isRoot: true, account };
    }
    const value = /^PVEAPIToken[= ](.+)$/.exec(
      headers.authorization ?? "",
    )?.[1];
    if (value === undefined) throw new Failure(401, "No ticket");
    if (decodeURIComponent(value) !== `${tokenUser}=${account.token}`) {
      throw new Failure(401, "Authentication failed!");
    }
    return { user: tokenUser, isRoot: false, account };
  }

  issue(
    cluster: string,
    { username, password }: Record<string, string>,
  ): unknown {
    const account = this.#account(cluster);
    if (username !== "root@pam" || password !== account.password) {
      throw new Failure(401, "Authentication failed!");
    }
    const ticket = `PVE:root@pam:${Date.now().toString(16)}::${randomUUID()}`;
    const csrf = `${Date.now().toString(16)}:${randomUUID()}`;
    this.#tickets.set(ticket, { csrf, until: Date.now() + ticketLifeMs });
    return { username, ticket, CSRFPreventionToken: csrf };
  }

  #account(cluster: string): Account {
    const account = this.world.accounts.get(cluster);
    if (account === undefined) throw new Failure(401, "Authentication failed!");
    return account;
  }
}
