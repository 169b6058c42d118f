import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../dynamic/failure";
import type { Words } from "../../host/client";
import { adapterOf } from "./adapter";
import type { Place } from "./engage";
import { type Look, look } from "./look";
import type { ProofOutput, QatDeviceInputs } from "./model";

/** As long as counters are looked at without a load. */
const idleMs = 1_000;
const loadBytes = 65_536;
/** Side by side: the kernel gives each to the endpoint with the least work. */
const atOnce = 6;

/** Counters without a load, and under one that only the adapter can serve. */
export async function prove(
  place: Place,
  inputs: QatDeviceInputs,
): Promise<ProofOutput | undefined> {
  const { machine, signal } = place;
  const { proof } = inputs;
  if (proof === undefined) return undefined;
  const responses = async () => {
    const seen = await look(machine, signal);
    return { seen, counts: countsOf(seen, inputs) };
  };
  const before = await responses();
  await sleep(idleMs, undefined, { signal });
  const idle = await responses();
  await run(place, proof.load);
  const after = await responses();
  const delta = (address: string, from: typeof before, to: typeof before) =>
    (to.counts.get(address) ?? 0) - (from.counts.get(address) ?? 0);
  const addresses = [...after.counts.keys()];
  return {
    ...proof,
    boot: after.seen.boot,
    moving: addresses.some((address) => delta(address, before, idle) > 0),
    endpoints: addresses.map((address) => ({
      address,
      moved: Math.max(
        0,
        delta(address, idle, after) - delta(address, before, idle),
      ),
      startedAt: after.seen.functions.find((item) => item.address === address)
        ?.startedAt,
    })),
  };
}

function countsOf(seen: Look, inputs: QatDeviceInputs): Map<string, number> {
  return new Map(
    adapterOf(seen, inputs).flatMap(({ address, counters }) =>
      counters ? [[address, counters.responses] as const] : [],
    ),
  );
}

/** Bounded, also where engines do not answer; fixed words, as the sudoers file names them. */
const loads: Record<ProofOutput["load"], { words: Words; install: string }> = {
  kernel: {
    // By its driver: by its name another might be preferred.
    words: [
      "timeout",
      "20",
      "kcapi-enc",
      "--cipher",
      "qat_aes_cbc",
      "--passwd",
      "hybrid-site",
      "--salt",
      "0011223344556677",
      "--iv",
      "00000000000000000000000000000000",
      "--pbkdfiter",
      "1000",
      "--quiet",
    ],
    install: "kcapi-tools",
  },
  openssl: {
    words: [
      "timeout",
      "20",
      "openssl",
      "speed",
      "-engine",
      "qatengine",
      "-elapsed",
      "-async_jobs",
      "72",
      "-seconds",
      "2",
      "rsa2048",
    ],
    install: "OpenSSL, and QAT_Engine built against Intel's driver",
  },
};

async function run(
  { machine, operation, signal, host }: Place,
  load: ProofOutput["load"],
): Promise<void> {
  const { words, install } = loads[load];
  await operation.beforeWrite();
  const ends = await Promise.all(
    Array.from({ length: load === "kernel" ? atOnce : 1 }, () =>
      machine.run(words, {
        signal,
        stdin: load === "kernel" ? Buffer.alloc(loadBytes) : undefined,
        codes: Array.from({ length: 256 }, (_, code) => code),
      }),
    ),
  );
  const failed = ends.find(({ code }) => code !== 0);
  if (failed === undefined) return;
  if (failed.code === 127)
    throw new UserError(
      `host "${host}" has no ${words[2]}, which puts the load on. Install ${install} there, or leave proof out`,
    );
  const said = failed.stderr.trim();
  operation.tell(
    `the load (${words[2]}) ended with ${failed.code}${said ? `: ${said}` : ""}, so counters may have stayed`,
  );
}
