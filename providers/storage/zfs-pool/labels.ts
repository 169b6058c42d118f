import { wwnOf } from "../disks/names";

/**
 * The text with disks called as people call them, "shelf1:2 (wwn-0x...)". One in
 * quotation marks is something to write, and has its label alone.
 */
export function withLabels(
  text: string,
  labels: Readonly<Record<string, string>>,
): string {
  return text.replaceAll(
    /(")?(\/dev\/(?:disk\/by-id\/wwn-0x|mapper\/3)[0-9a-f]+)(?![\w-])("| \()?/g,
    (all, before: string | undefined, path: string, after = "") => {
      const label = wwnOf(path) && labels[path];
      if (!label) return all;
      if (before && after === '"') return `"${label}"`;
      const name = path.slice(path.lastIndexOf("/") + 1);
      // What is told of the disk in brackets follows in the same ones.
      const end = after === " (" ? ", " : `)${after}`;
      return `${before ?? ""}${label} (${name}${end}`;
    },
  );
}
