import { setTimeout as sleep } from "node:timers/promises";
import { gnu } from "../coreutils/gnu";
import type { Call, Tool } from "../tool";
import type { HostWorld } from "../world";
import { algorithms } from "./crypto";
import { showCounters } from "./show";
import { type Endpoint, loadQat, type QatState, saveQat } from "./state";

/** What kcapi-enc reads at a time: each is a request of its own. */
const chunkBytes = 61_440;
/** RSA that a run of `openssl speed` does, of each kind. */
const operations = 7_200;

/** From libkcapi: encrypts its input with a cipher of the kernel, by name or by driver. */
export const kcapiEncrypt: Tool = async (call) => {
  const parsed = gnu(call, "kcapi-enc", {
    cipher: { type: "string", short: "c" },
    encrypt: { type: "boolean", short: "e" },
    iv: { type: "string" },
    salt: { type: "string", short: "s" },
    passwd: { type: "string", short: "p" },
    pbkdfiter: { type: "string" },
    quiet: { type: "boolean", short: "q" },
  });
  if (parsed === undefined) return 1;
  const { cipher, passwd } = parsed.flags;
  const [found] = algorithms(call.world)
    .filter(
      ({ name, driver, type }) =>
        type === "skcipher" && [name, driver].includes(`${cipher}`),
    )
    .sort((left, right) => right.priority - left.priority);
  // Negative numbers of errno, as the shell shows them.
  if (found === undefined) return 254;
  if (passwd === undefined) return 234;
  const address = found.driver.startsWith("qat")
    ? leastHeld(call.world)
    : undefined;
  // With its key the session takes an endpoint, and has it until it ends.
  const hold = (count: number) =>
    address &&
    change(call.world, address, (endpoint) => {
      endpoint.users += count;
    });
  hold(1);
  try {
    return await encrypt(call, address);
  } finally {
    hold(-1);
  }
};

/** Each part as soon as it is there. */
async function encrypt(
  call: Call,
  address: string | undefined,
): Promise<number> {
  let waiting = 0;
  const flush = async (least: number) => {
    while (waiting >= least) {
      const size = Math.min(waiting, chunkBytes);
      if (address && !(await ask(call, address, 1))) return false;
      call.stdout.write(Buffer.alloc(size));
      waiting -= size;
    }
    return true;
  };
  for await (const part of call.stdin) {
    waiting += part.length;
    if (!(await flush(chunkBytes))) return 1;
  }
  return (await flush(1)) ? 0 : 1;
}

/** OpenSSL, with an engine that says of itself what it says on any machine. */
export const openssl: Tool = async (call) => {
  const [command, ...words] = call.words;
  const usesEngine = words.includes("qatengine");
  if (command === "engine" && usesEngine) {
    call.stdout.write(
      "(qatengine) Reference implementation of QAT crypto engine(qat_hw & qat_sw) v2.0.0b\n",
    );
    if (words.includes("-c"))
      call.stdout.write(" [RSA, AES-128-CBC-HMAC-SHA1]\n");
    if (words.includes("-t")) call.stdout.write("     [ available ]\n");
    return 0;
  }
  if (command !== "speed" || !words.includes("rsa2048")) {
    call.stderr.write(`openssl:Error: '${command}' is an invalid command.\n`);
    return 1;
  }
  const { package: stack, endpoints } = loadQat(call.world);
  // Without instances for programs it computes by itself, and says nothing.
  const asked = Object.keys(endpoints).filter(
    (address) =>
      usesEngine &&
      stack === "out-of-tree" &&
      isUp(endpoints[address]) &&
      Number(endpoints[address]?.instances.user) > 0,
  );
  // The engine takes its instances in turn, whichever endpoint they are of.
  for (const address of asked)
    if (!(await ask(call, address, (2 * operations) / asked.length))) return 1;
  if (words.includes("-mr"))
    call.stderr.write(
      `+DTP:2048:private:rsa:2\n+R1:${operations}:2048:2.00\n+DTP:2048:public:rsa:2\n+R2:${operations}:2048:2.00\n`,
    );
  call.stdout.write(
    words.includes("-mr")
      ? "+F2:2:2048:3600.000000:3600.000000\n"
      : "                  sign    verify    sign/s verify/s\nrsa 2048 bits 0.000278s 0.000278s   3600.0   3600.0\n",
  );
  return 0;
};

const isUp = (endpoint: Endpoint | undefined) =>
  endpoint !== undefined && !endpoint.isGone && endpoint.isStarted;

/** As the driver chooses for a new key: the first of those that the fewest hold. */
function leastHeld(world: HostWorld): string | undefined {
  const [least] = Object.entries(loadQat(world).endpoints)
    .filter(
      ([, endpoint]) => isUp(endpoint) && endpoint.instances.kernelCrypto > 0,
    )
    .sort(([, left], [, right]) => left.users - right.users);
  return least?.[0];
}

/** False: never answered. */
async function ask(
  { world, signal }: Call,
  address: string,
  count: number,
): Promise<boolean> {
  const { isHung = false } = loadQat(world).endpoints[address] ?? {};
  change(world, address, (endpoint) => {
    if (endpoint.isStuck) return;
    const engines = endpoint.requests.length;
    for (let engine = 0; engine < engines; engine++) {
      const share = Math.floor((count + engines - 1 - engine) / engines);
      endpoint.requests[engine] = (endpoint.requests[engine] ?? 0) + share;
      if (isHung) continue;
      endpoint.responses[engine] = (endpoint.responses[engine] ?? 0) + share;
    }
  });
  if (isHung)
    await sleep(600_000, undefined, { signal }).catch(() => undefined);
  return !isHung;
}

function change(
  world: HostWorld,
  address: string,
  act: (endpoint: Endpoint) => void,
): void {
  const state: QatState = loadQat(world);
  const endpoint = state.endpoints[address];
  if (endpoint === undefined) return;
  act(endpoint);
  saveQat(world, state);
  showCounters(world, address);
}
