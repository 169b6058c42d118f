import type { Words } from "./machine";

/**
 * A command line that the shells of POSIX's kind (sh, bash, dash, zsh) split
 * into exactly these words again.
 */
export function quote(words: Words): string {
  return words.map(quoteWord).join(" ");
}

function quoteWord(word: string): string {
  // No argument can hold it: it would end there.
  if (word.includes("\0")) throw new Error("An argument holds a NUL byte.");
  if (/^[\w@%+:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
