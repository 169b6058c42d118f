import { z } from "zod";

/** A key with a number, "net0" to "net31". */
export const slot = (kind: string, last: number) =>
  z.string().refine(
    (text) => {
      const [, digits] = new RegExp(`^${kind}(\\d+)$`).exec(text) ?? [];
      return digits !== undefined && Number(digits) <= last;
    },
    { error: `must be ${kind}0 to ${kind}${last}` },
  );
