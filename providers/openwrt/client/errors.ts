/** ubus's own codes (libubox/ubus, ubusmsg.h). */
export const codes = {
  ok: 0,
  invalidArgument: 2,
  notFound: 4,
  noData: 5,
  permissionDenied: 6,
} as const;

const words: Record<number, string> = {
  1: "invalid command",
  2: "invalid argument",
  3: "method not found",
  4: "not found",
  5: "no data",
  6: "permission denied",
  7: "timed out",
  8: "not supported",
  9: "unknown error",
  10: "connection failed",
};

/** The router answered, and what it answered is no success. */
export class UbusRefusal extends Error {
  constructor(
    what: string,
    readonly code: number,
    detail?: string,
    remedy?: string,
  ) {
    const why = detail ?? `${words[code] ?? "unknown status"} (ubus ${code})`;
    super(`${what}: ${why}${remedy ? `. ${remedy}` : ""}`);
    this.name = "UbusRefusal";
  }
}

/** No reply came: what was asked for may have happened. */
export class NoReply extends Error {
  constructor(
    message: string,
    /** Nothing was sent: it has not happened. */
    readonly unsent: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "NoReply";
  }
}

/** The session has expired or was lost, and with it all that was staged in it. */
export class SessionGone extends Error {
  constructor() {
    super(
      "the router no longer knows the session, so what was staged in it is gone",
    );
    this.name = "SessionGone";
  }
}
