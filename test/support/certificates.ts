import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const made = new Map<string, string>();

/** Starts a lab with what an earlier one in this process has made: most of the start. */
export async function withCertificates<T>(
  directory: string,
  start: () => Promise<T>,
): Promise<T> {
  for (const [name, text] of made) {
    const file = join(directory, name);
    if (!existsSync(file)) writeFileSync(file, text, { mode: 0o600 });
  }
  const lab = await start();
  for (const name of readdirSync(directory)) {
    if (name.endsWith("-certificate.json"))
      made.set(name, readFileSync(join(directory, name), "utf8"));
  }
  return lab;
}
