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

const shortestPart = 4;
const shortestPiece = 6;
const shownAtMost = 4_000;
const hidden = "[secret]";

/**
 * A tool's words about files of which some are secret. Tools quote the line,
 * or the word, that they do not like, or a piece of it: so each line and each
 * word of a secret is hidden, and every longer piece of one.
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
    .filter((part) => part.length >= shortestPart)
    .sort((left, right) => right.length - left.length);
  const shown =
    text.length > shownAtMost ? `${text.slice(0, shownAtMost)}...` : text;
  const without = [...new Set(parts)].reduce(
    (result, part) => result.replaceAll(part, hidden),
    shown,
  );
  return without
    .split(hidden)
    .map((rest) => withoutPieces(rest, secrets))
    .join(hidden);
}

const separators = /[\s"'`=:,;<>()[\]{}]+/;

function withoutPieces(text: string, secrets: readonly string[]): string {
  const isPiece = (piece: string) =>
    secrets.some((secret) => secret.includes(piece));
  let [result, at] = ["", 0];
  while (at < text.length) {
    let end = at + shortestPiece;
    if (end > text.length || !isPiece(text.slice(at, end))) {
      result += text[at];
      at += 1;
      continue;
    }
    while (end < text.length && isPiece(text.slice(at, end + 1))) end += 1;
    result += hidden;
    at = end;
  }
  return result;
}
