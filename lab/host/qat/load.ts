import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { gnu } from "../coreutils/gnu";
import type { Tool } from "../tool";
import type { HostWorld } from "../world";
import { algorithms } from "./crypto";
import { showCounters } from "./show";
import { type Endpoint, loadQat, type QatState, saveQat } from "./state";

/** A while that work is under way: what comes meanwhile goes to another endpoint. */
const workMs = 30;

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
  const data = await buffer(call.stdin);
  const [found] = algorithms(call.world)
    .filter(
      ({ name, driver, type }) =>
        type === "skcipher" && [name, driver].includes(`${cipher}`),
    )
    .sort((left, right) => right.priority - left.priority);
  // Negative numbers of errno, as the shell shows them.
  if (found === undefined) return 254;
  if (passwd === undefined) return 234;
  if (found.driver.startsWith("qat")) {
    const blocks = Math.max(1, Math.ceil(data.length / 65_536));
    const isDone = await work(call.world, "kernelCrypto", blocks, call.signal);
    if (!isDone) return 1;
  }
  call.stdout.write(Buffer.alloc(data.length));
  return 0;
};

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
  const { package: stack } = loadQat(call.world);
  // Without instances for programs it computes by itself, and says nothing.
  if (usesEngine && stack === "out-of-tree")
    await work(call.world, "user", 72, call.signal);
  call.stdout.write(
    "                  sign    verify    sign/s verify/s\nrsa 2048 bits 0.000025s 0.000003s  40000.0 320000.0\n",
  );
  return 0;
};

/** By the endpoint with the least work. False: never answered. */
async function work(
  world: HostWorld,
  kind: keyof Endpoint["instances"],
  count: number,
  signal: AbortSignal,
): Promise<boolean> {
  const state = loadQat(world);
  const [least] = Object.entries(state.endpoints)
    .filter(
      ([, endpoint]) =>
        !endpoint.isGone && endpoint.isStarted && endpoint.instances[kind] > 0,
    )
    .sort(([, left], [, right]) => left.users - right.users);
  if (least === undefined) return true;
  const [address, { isHung, isStuck }] = least;
  change(world, address, (endpoint) => {
    endpoint.users += 1;
    if (isStuck) return;
    for (let index = 0; index < count; index++) {
      const engine = index % endpoint.requests.length;
      endpoint.requests[engine] = (endpoint.requests[engine] ?? 0) + 1;
      if (isHung) continue;
      endpoint.responses[engine] = (endpoint.responses[engine] ?? 0) + 1;
    }
  });
  try {
    if (isHung) {
      await sleep(600_000, undefined, { signal }).catch(() => undefined);
      return false;
    }
    await sleep(workMs);
    return true;
  } finally {
    change(world, address, (endpoint) => {
      endpoint.users -= 1;
    });
  }
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
