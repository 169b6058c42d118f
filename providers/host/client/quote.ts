import type { Words } from "./machine";

/**
 * A command line that any shell of a login (sh, bash, dash, zsh, fish) splits
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
