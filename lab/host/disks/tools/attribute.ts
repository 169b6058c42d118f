import { existsSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Call } from "../../tool";

export const isAttribute = (path: string) => path.startsWith("/sys/");

/** Gives one of the kernel's own files its input; answers why it cannot. */
export async function store(
  { world, stdin, user }: Call,
  path: string,
): Promise<string | undefined> {
  const data = await buffer(stdin);
  if (!existsSync(world.path(posix.dirname(path))))
    return "No such file or directory";
  // They are there or they are not: nobody makes one.
  if (!existsSync(world.path(path)) || user !== "root")
    return "Permission denied";
  writeFileSync(world.path(path), data);
  return undefined;
}
