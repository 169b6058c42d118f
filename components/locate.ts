import { parseArgs } from "node:util";
import { disconnect } from "../providers/host/connection";
import { locate } from "./disk-light";
import { openStack } from "./stack";

const usage = `usage: npm run locate -- DISK [--off] [--stack NAME]
Lights the slot that a disk of a shelf is in, and says where that is; --off puts
the light out. DISK is its place in the manifest (shelf1:2), its WWN, or its name
below /dev/disk/by-id. A disk that no host sees any more is lit by its place.
Nothing is kept of it: a light that is on stays on until it is put out.
On the lab: npm run lab -- locate DISK [--off].`;

const timeoutMs = 60_000;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      off: { type: "boolean", default: false },
      stack: { type: "string", default: "dev" },
      help: { type: "boolean" },
    },
  });
  const [disk, ...more] = positionals;
  if (values.help || disk === undefined || more.length > 0) {
    (values.help ? console.log : console.error)(usage);
    return values.help ? 0 : 2;
  }
  const { site, configuration } = openStack(values.stack);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    console.log(await locate(site, configuration, disk, !values.off, signal));
    return 0;
  } catch (error) {
    const why = (error as Error).message.replace(/[^.?]$/, "$&.");
    throw new Error(
      `Unable to ${values.off ? "put out" : "light"} disk "${disk}": ${why}`,
    );
  } finally {
    await disconnect();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
