import type { Words } from "../client";

const one = /^[{]file:(.*)[}]$/;

/** Why an argument of `validate` cannot be what it says; undefined: it can. */
export function placeholderProblem(
  word: string,
  index: number,
  paths: readonly string[],
): string | undefined {
  if (!/[{](file|dir)\b[^}]*[}]/.test(word)) return undefined;
  const [, path] = one.exec(word) ?? [];
  if (path === undefined && word !== "{file}" && word !== "{dir}")
    return `must be an argument of its own: ${word} has more than the placeholder`;
  if (index === 0) return "must be a program";
  if (path !== undefined && !paths.includes(path))
    return `${path} is none of the files`;
  return undefined;
}

/** The arguments with the new files' places; each stays one argument. */
export function expand(
  [program, ...rest]: Words,
  folder: string,
  paths: readonly string[],
): Words {
  const words = rest.flatMap((word) => {
    if (word === "{dir}") return [folder];
    if (word === "{file}") return paths.map((path) => `${folder}${path}`);
    const [, path] = one.exec(word) ?? [];
    return [path === undefined ? word : `${folder}${path}`];
  });
  return [program, ...words];
}

const shortestSecret = 4;
const hidden = "[secret]";

/**
 * A tool's words about files of which some are secret. Tools quote the line,
 * or the word, that they do not like: so each line and each word of a secret
 * is hidden, and each word that is a part of one.
 */
export function withoutSecrets(
  text: string,
  secrets: readonly string[],
): string {
  const parts = secrets
    .flatMap((secret) => [
      secret.trim(),
      ...secret.split(/\r?\n/).map((line) => line.trim()),
      ...secret.split(separators),
    ])
    .filter((part) => part.length >= shortestSecret)
    .sort((left, right) => right.length - left.length);
  const without = [...new Set(parts)].reduce(
    (result, part) => result.replaceAll(part, hidden),
    text,
  );
  return without
    .split(hidden)
    .map((rest) =>
      rest.replace(word, (found) =>
        secrets.some((secret) => secret.includes(found)) ? hidden : found,
      ),
    )
    .join(hidden);
}

const separators = /[\s"'`=:,;<>()[\]{}]+/;
/** Of a word that a tool has cut. */
const word = /[^\s"'`=:,;<>()[\]{}]{6,}/g;
