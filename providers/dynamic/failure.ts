/**
 * An error that a user can act on. It has no stack and no name, because the
 * SDK prints both in front of the message.
 */
export class UserError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "";
    this.stack = "";
  }
}

/**
 * The shape that the SDK turns into a partial failure: the thing exists, the
 * state records it, and the next `up` calls update. Users see only `reasons`.
 */
export class PartialFailure extends UserError {
  readonly reasons: string[];

  constructor(
    reason: string,
    readonly id: string,
    readonly properties: Record<string, unknown>,
  ) {
    super(reason);
    this.reasons = [reason];
  }
}

/** Shorter strings are left: hiding them would garble the message and protect nothing. */
const shortestSecret = 6;

export function redact(text: string, secrets: readonly string[]): string {
  return [...secrets]
    .filter((secret) => secret.length >= shortestSecret)
    .sort((left, right) => right.length - left.length)
    .reduce((result, secret) => result.replaceAll(secret, "[secret]"), text);
}

/** What stands beside secrets and is none: an account may be called as the site is. */
const open = ["username", "agent"];

/** Every secret string inside `value`; of a "user!token=uuid" the part after "=" too. */
export function stringsOf(value: unknown): string[] {
  if (typeof value === "string") {
    const tail = value.slice(value.indexOf("=") + 1);
    return tail === value ? [value] : [value, tail];
  }
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) =>
    open.includes(key) ? [] : stringsOf(item),
  );
}
