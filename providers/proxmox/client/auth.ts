import { ProxmoxError } from "./errors";
import type { Method, Transport } from "./transport";

export type Credential =
  | { token: string }
  | { username: string; password: string };

interface Ticket {
  ticket: string;
  CSRFPreventionToken: string;
}

/** PVE's tickets live 2 h (pve-access-control AccessControl.pm). */
const ticketLifeMs = 100 * 60_000;

interface Held {
  value: Promise<Ticket>;
  until: number;
}

/** Headers that prove who we are, and the ticket that is in them. */
interface Proof {
  headers: Record<string, string>;
  ticket?: Held;
}

/** A token, or a ticket, which is renewed. */
export class Login {
  #ticket: Held | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly credential: Credential,
  ) {}

  async prove(method: Method, signal: AbortSignal): Promise<Proof> {
    if ("token" in this.credential) {
      const token = this.credential.token.replaceAll("%", "%25");
      return { headers: { authorization: `PVEAPIToken=${token}` } };
    }
    const held = this.#current(signal);
    const { ticket, CSRFPreventionToken } = await held.value;
    const cookie = `PVEAuthCookie=${encodeURIComponent(ticket)}`;
    const headers: Record<string, string> =
      method === "GET"
        ? { cookie }
        : { cookie, csrfpreventiontoken: CSRFPreventionToken };
    return { headers, ticket: held };
  }

  /** Whether a new ticket may help; a 401 costs 3 s, so it is tried once. */
  renew(error: unknown, used: Held | undefined): boolean {
    const refused = error instanceof ProxmoxError && error.status === 401;
    if (used === undefined || !refused) return false;
    // Requests that were on their way together have the new one already.
    this.#forget(used);
    return true;
  }

  #current(signal: AbortSignal): Held {
    if (this.#ticket && Date.now() < this.#ticket.until) return this.#ticket;
    const value = this.transport.send({
      method: "POST",
      path: "/access/ticket",
      params: { ...this.credential },
      signal,
    }) as Promise<Ticket>;
    const held = { value, until: Date.now() + ticketLifeMs };
    this.#ticket = held;
    value.catch(() => this.#forget(held));
    return held;
  }

  #forget(held: Held): void {
    if (this.#ticket === held) this.#ticket = undefined;
  }
}
