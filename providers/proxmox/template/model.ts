import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";

export const schema = z.strictObject({
  owner: z.string(),
  host: z.string(),
  /** Left out: called as the host. */
  node: z.string().optional(),
  name: z.string().max(63),
  vmId: z.union([
    z.int().min(100).max(999_999_999),
    z.strictObject({ from: z.int().min(100), to: z.int() }),
  ]),
  image: z.strictObject({
    /** A storage with content type "import". */
    storage: z.string(),
    file: z
      .string()
      .regex(
        /^[\w.+-]+\.(qcow2|raw|vmdk)$/,
        "must end in .qcow2, .raw or .vmdk",
      ),
    /** Left out: somebody has placed the file on the storage. */
    download: z
      .strictObject({
        url: z.url(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits"),
      })
      .optional(),
  }),
  /** Storage of the template's own disk. */
  storage: z.string(),
  adopt: z.boolean().optional(),
  timeouts,
});

export type TemplateInputs = z.output<typeof schema> & { node: string };

export function parse(inputs: unknown): TemplateInputs {
  const parsed = schema.parse(inputs);
  return { ...parsed, node: parsed.node ?? parsed.host };
}

export interface TemplateOutputs {
  vmNumber: number;
}
