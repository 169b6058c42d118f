import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { hash, labDirectory } from "./paths";

export interface Address {
  host: string;
  port: number;
}

/**
 * Where a lab's devices listen, made of one number that sets it apart from
 * other labs: on Linux 127.PLACE.x.y with the device's real port, x.y the end
 * of its management address; elsewhere, with one loopback address only, ports.
 */
export function addressAt(
  place: number,
  management: string | undefined,
  index: number,
  port: number,
): Address {
  if (process.platform !== "linux") {
    return { host: "127.0.0.1", port: 16_000 + 32 * place + index };
  }
  const [, , third = 0, fourth = index + 1] = management?.split(".") ?? [];
  return { host: `127.${place}.${third}.${fourth}`, port };
}

// Away from 127.0.0.1 and from what distributions and containers use.
const first = 64;
const count = 128;
const file = join(labDirectory, "place");

/** The lab's own place, the same every time unless somebody else listens there. */
export async function findPlace(
  addresses: (place: number) => Address[],
): Promise<number> {
  const own =
    kept() ?? first + (Number.parseInt(hash(labDirectory), 16) % count);
  for (let step = 0; step < count; step++) {
    const place = first + ((own - first + step) % count);
    const free = await Promise.all(addresses(place).map(isFree));
    if (!free.every(Boolean)) continue;
    writeFileSync(file, String(place));
    return place;
  }
  throw new Error(
    `Unable to start the lab: on each of its ${count} places something listens. End other labs.`,
  );
}

function kept(): number | undefined {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function isFree({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
