import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";
import type { Marked } from "../../dynamic/mark";
import { placeholderProblem } from "./words";

const account = z
  .string()
  .regex(/^[a-z_][a-z0-9_.-]*\$?$/i, "must be a name as chown takes it");
const words = z.tuple([z.string().min(1)], z.string());

const file = z.strictObject({
  path: z
    .string()
    .regex(
      /^(\/(?!\.{1,2}(\/|$))[^/\p{Cc}]+)+$/u,
      'must be an absolute path without ".", ".." and "//"',
    ),
  /** Left out: root. */
  owner: account.optional(),
  /** Left out: root. */
  group: account.optional(),
  /** Left out: 0644, of a secret 0600. */
  mode: z
    .string()
    .regex(/^0[0-7]{3}$/, 'must be a mode like "0644"')
    .optional(),
  content: z.string().optional(),
  /** Given in place of `content`; nothing shows it. */
  secretContent: z.string().optional(),
});

export type FileInputs = z.output<typeof file>;

/** What a host may have, too: there the rules below can be broken. */
const shape = z.strictObject({
  owner: z.string(),
  /** The host's name in endpoints and credentials. */
  host: z.string(),
  /** Also of the folder that the host keeps about them, below /var/lib/hybrid-site. */
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9_.-]*$/i,
      "must be letters, digits, dots, hyphens and underscores, a letter or digit first",
    ),
  files: z.array(file),
  /**
   * A program and its arguments, run as root on the new files before they go
   * live; one that does not end with 0 refuses them. The argument "{file}"
   * stands for the new file (of several: for each of them, one argument a
   * file), "{file:/etc/x}" for that one, "{dir}" for a folder in which they lie
   * as they will below "/".
   */
  validate: words.optional(),
  /** A program and its arguments, run as root when the files have changed. */
  reload: words.optional(),
  /** Takes over files that are there already; deletion puts them back. */
  adopt: z.boolean().optional(),
  /** In seconds; left out: 300, to read 60. */
  timeouts,
});

export type ManagedFilesInputs = z.output<typeof shape>;

export interface ManagedFilesOutputs extends Marked {
  /** Paths of what stood there before. */
  adopted: string[];
}

export const parse = (inputs: unknown): ManagedFilesInputs =>
  shape.parse(inputs);

export const schema = shape.superRefine((inputs, context) => {
  const problem = (path: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  const paths = inputs.files.map(({ path }) => path);
  if (paths.length === 0) problem(["files"], "must not be empty");
  for (const [index, item] of inputs.files.entries()) {
    const at = ["files", index];
    if ((item.content === undefined) === (item.secretContent === undefined))
      problem(at, "give either content or secretContent");
    if (paths.indexOf(item.path) !== index)
      problem([...at, "path"], `${item.path} is there twice`);
    const above = paths.find((path) => item.path.startsWith(`${path}/`));
    if (above) problem([...at, "path"], `${above} is a file, not a folder`);
  }
  for (const [index, word] of (inputs.validate ?? []).entries()) {
    const why = placeholderProblem(word, index, paths);
    if (why) problem(["validate", index], why);
  }
  for (const [index, word] of (inputs.reload ?? []).entries())
    if (/[{](file|dir)\b.*[}]/.test(word))
      problem(["reload", index], "has no placeholders: the files are in place");
});

export interface Rights {
  owner: string;
  group: string;
  mode: string;
}

export function rightsOf(item: FileInputs): Rights {
  const mode = item.secretContent === undefined ? "0644" : "0600";
  return {
    owner: item.owner ?? "root",
    group: item.group ?? "root",
    mode: item.mode ?? mode,
  };
}

export function contentOf(item: FileInputs): string {
  return item.secretContent ?? item.content ?? "";
}

export function secretsOf(files: readonly FileInputs[]): string[] {
  return files.flatMap(({ secretContent }) => secretContent ?? []);
}
