/** A value as rpcd's uci.c makes a text of it; undefined: it takes no such value. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "1" : "0";
  // blobmsg holds an integer as an unsigned 32 bit one.
  if (Number.isInteger(value)) return String(Number(value) >>> 0);
  return undefined;
}

export function textsOf(value: unknown): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const texts = value.map(textOf);
  return texts.includes(undefined) ? undefined : (texts as string[]);
}

/** Names that libuci takes; a type may have hyphens too. */
export const isName = (text: unknown): text is string =>
  typeof text === "string" && /^\w+$/.test(text);
export const isType = (text: unknown): text is string =>
  typeof text === "string" && /^[\w-]+$/.test(text);
