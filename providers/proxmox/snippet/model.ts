import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";
import type { Marked } from "../../dynamic/mark";

/** What a host may have, too: there the rules below can be broken. */
const shape = z.strictObject({
  owner: z.string(),
  /** The host's name in endpoints and credentials, both of proxmox and of ssh. */
  host: z.string(),
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9_.-]*$/i,
      "must be letters, digits, dots, hyphens and underscores, a letter or digit first",
    ),
  /** PVE's storage id; it needs a folder of files: dir, nfs, cifs, cephfs, btrfs. */
  storage: z
    .string()
    .regex(/^[a-z][a-z0-9\-_.]*[a-z0-9]$/i, "must be a PVE storage id"),
  /** The file's name; left out: the name and ".yaml". */
  file: z
    .string()
    .regex(
      /^[a-z0-9_][a-z0-9_.-]*$/i,
      "must be a file's name of letters, digits, dots, hyphens and underscores",
    )
    .optional(),
  content: z.string().optional(),
  /** Given in place of `content`; nothing shows it, and only root may read the file. */
  secretContent: z.string().optional(),
  /** Takes over a file that is there already; deletion puts it back. */
  adopt: z.boolean().optional(),
  /** In seconds; left out: 120, to read 60. */
  timeouts,
});

export type SnippetInputs = z.output<typeof shape>;

export interface SnippetOutputs extends Marked {
  /** "local:snippets/web.yaml", as cloudInit.vendorData takes it. */
  volumeId: string;
  /** On the host. */
  path: string;
  /** It stood there before: deletion puts it back. */
  adopted: boolean;
}

export const parse = (inputs: unknown): SnippetInputs => shape.parse(inputs);

export const schema = shape.superRefine((inputs, context) => {
  const { content, secretContent } = inputs;
  if ((content === undefined) === (secretContent === undefined))
    context.addIssue({
      code: "custom",
      path: ["content"],
      message: "give either content or secretContent",
    });
});

export function fileOf({ name, file }: SnippetInputs): string {
  return file ?? `${name}.yaml`;
}

export function volumeIdOf(inputs: SnippetInputs): string {
  return `${inputs.storage}:snippets/${fileOf(inputs)}`;
}
