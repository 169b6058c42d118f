type Path = readonly PropertyKey[];

interface Told {
  line: string;
  path: Path;
  /** What follows the name of one line, and of several. */
  one: string;
  several: string;
  remedy?: string;
}

/** What lines have in common is one finding: it is one value of the manifest. */
export function together(items: readonly Told[]) {
  const groups = new Map<string, [Told, ...Told[]]>();
  for (const item of items) {
    const key = JSON.stringify([item.path, item.one]);
    groups.set(key, [...(groups.get(key) ?? []), item] as [Told, ...Told[]]);
  }
  return [...groups.values()].map((group) => {
    const [{ path, one, several, remedy }] = group;
    const names = group.map(({ line }) => `"${line}"`);
    const last = names.pop();
    const message =
      names.length === 0
        ? `line ${last} ${one}`
        : `lines ${names.join(", ")} and ${last} ${several}`;
    return { message, path, remedy };
  });
}
