import type { Problem } from "../problem";
import { suggest } from "../suggest";

/** Nothing when one of the items has the name, else that none has. */
export function refer(
  what: string,
  name: string,
  items: readonly { name: string }[],
  path: readonly PropertyKey[],
): Problem[] {
  const known = items.map((item) => item.name);
  if (known.includes(name)) return [];
  const message = `there is no ${what} "${name}"${suggest(name, known)}`;
  return [{ message, path }];
}
