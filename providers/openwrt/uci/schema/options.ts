import { z } from "zod";
import type { Section } from "../section";

/** UCI takes no other names for sections. */
export const sectionName = z
  .string()
  .regex(/^\w+$/, "must be letters, digits and underscores");

export const text = z.string().min(1).optional();
export const flag = z.boolean().optional();
export const texts = z.array(z.string().min(1)).min(1).optional();
export const address = z.ipv4().optional();
export const integer = (from: number, to: number) =>
  z.int().min(from).max(to).optional();
export const seconds = integer(1, 86_400);
export const ports = z
  .array(z.string().regex(/^\d+(-\d+)?$/, 'must be a port or a range, "80"'))
  .min(1)
  .optional();
export const protocols = z
  .array(z.string().regex(/^[a-z0-9-]+$/))
  .min(1)
  .optional();
export const target = z.enum(["ACCEPT", "REJECT", "DROP"]).optional();
/** IFNAMSIZ of Linux, without its end. */
export const deviceName = z
  .string()
  .regex(
    /^[^\s/]{1,15}$/,
    "must be at most 15 characters, as Linux takes no more",
  );

type Shape = Record<string, z.ZodType>;

/** A union of section types: an option that is none of its type's is refused. */
export function sections(
  config: string,
  types: Record<string, Shape>,
): z.ZodType<Section[], Section[]> {
  const kinds = Object.entries(types).map(([type, shape]) =>
    z.strictObject({
      section: sectionName,
      type: z.literal(type),
      options: z.strictObject(shape, {
        error: (issue) =>
          issue.code === "unrecognized_keys"
            ? `${(issue as { keys: string[] }).keys.join(", ")}: no option of a ${type} section, known are ${Object.keys(shape).join(", ")}`
            : undefined,
      }),
    }),
  );
  const [first, ...others] = kinds;
  if (first === undefined) throw new RangeError(config);
  return z.array(
    z.discriminatedUnion("type", [first, ...others], {
      error: (issue) =>
        issue.code === "invalid_union"
          ? `no type of section of ${config}, known are ${Object.keys(types).join(", ")}`
          : undefined,
    }),
  ) as unknown as z.ZodType<Section[], Section[]>;
}
