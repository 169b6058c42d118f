export type OptionValue = string | number | boolean | string[];

/** A section of a UCI file; `section` is its name. */
export interface Section {
  section: string;
  type: string;
  options: Record<string, OptionValue>;
}

/** Options that are undefined are left out. */
export function section(
  type: string,
  name: string,
  options: Record<string, OptionValue | undefined>,
): Section {
  const given = Object.entries(options).filter(
    (entry): entry is [string, OptionValue] => entry[1] !== undefined,
  );
  return { section: name, type, options: Object.fromEntries(given) };
}
