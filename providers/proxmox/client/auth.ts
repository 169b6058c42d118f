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

/** Headers that prove who we are: a token's, or a ticket's, which is renewed. */
export class Login {
  #ticket: { value: Promise<Ticket>; until: number } | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly credential: Credential,
  ) {}

  async headers(
    method: Method,
    signal: AbortSignal,
  ): Promise<Record<string, string>> {
    if ("token" in this.credential) {
      const token = this.credential.token.replaceAll("%", "%25");
      return { authorization: `PVEAPIToken=${token}` };
    }
    const { ticket, CSRFPreventionToken } = await this.#current(signal);
    const cookie = `PVEAuthCookie=${encodeURIComponent(ticket)}`;
    return method === "GET"
      ? { cookie }
      : { cookie, csrfpreventiontoken: CSRFPreventionToken };
  }

  /** Whether a new ticket may help; a 401 costs 3 s, so it is tried once. */
  renew(error: unknown): boolean {
    const old = this.#ticket;
    this.#ticket = undefined;
    return (
      old !== undefined && error instanceof ProxmoxError && error.status === 401
    );
  }

  #current(signal: AbortSignal): Promise<Ticket> {
    if (this.#ticket && Date.now() < this.#ticket.until) {
      return this.#ticket.value;
    }
    const value = this.transport.send({
      method: "POST",
      path: "/access/ticket",
      params: { ...this.credential },
      signal,
    }) as Promise<Ticket>;
    this.#ticket = { value, until: Date.now() + ticketLifeMs };
    value.catch(() => {
      this.#ticket = undefined;
    });
    return value;
  }
}
