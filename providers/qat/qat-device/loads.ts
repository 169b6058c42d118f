import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../dynamic/failure";
import type { Result, Words } from "../../host/client";
import type { Place } from "./engage";
import type { ProofOutput } from "./model";

export interface Load {
  /** All that was asked for. */
  requests: number;
  /** What an endpoint that is asked at all answers at least. */
  share: number;
  failure?: string;
}

/** Bounded, also where engines do not answer; fixed words, as the sudoers file names them. */
export const loads: Record<
  ProofOutput["load"],
  (place: Place) => Promise<Load>
> = { kernel, openssl };

/** Each is one request: kcapi-enc reads so many bytes at a time. */
const requestBytes = 61_440;
const requestsEach = 16;
/** One for each endpoint and more: the chipset's own block is among those that are asked. */
const sessions = 6;
/** Until all of them have their key. */
const openMs = 1_000;

// By its driver: by its name another might be preferred.
const encrypt: Words = [
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
];

/**
 * With its key a session takes the endpoint that the fewest hold, and holds it
 * until it ends. So none gets its data before all are there.
 */
async function kernel(place: Place): Promise<Load> {
  const { signal } = place;
  const data = sleep(openMs, undefined, { signal }).then(() =>
    Buffer.alloc(requestsEach * requestBytes),
  );
  const ends = await Promise.all(
    Array.from({ length: sessions }, () => run(place, encrypt, data)),
  );
  const failed = ends.find(({ code }) => code !== 0);
  return {
    requests: sessions * requestsEach,
    share: requestsEach,
    failure: failed && told(place, encrypt, failed, "kcapi-tools"),
  };
}

const sign: Words = [
  "timeout",
  "20",
  "openssl",
  "speed",
  "-engine",
  "qatengine",
  "-elapsed",
  "-mr",
  "-async_jobs",
  "72",
  "-seconds",
  "2",
  "rsa2048",
];

/** The engine asks its instances in turn, and has them from every endpoint with its section. */
async function openssl(place: Place): Promise<Load> {
  const end = await run(place, sign);
  const [signed = 0, verified = 0] = ["R1", "R2"].map((kind) =>
    Number(new RegExp(`^\\+${kind}:(\\d+):`, "m").exec(end.stderr)?.[1] ?? 0),
  );
  const isDone = end.code === 0 && signed > 0;
  const install = "OpenSSL, and QAT_Engine built against Intel's driver";
  return {
    requests: signed + verified,
    share: Math.ceil(signed / 10),
    failure: isDone ? undefined : told(place, sign, end, install),
  };
}

async function run(
  { machine, operation, signal }: Place,
  words: Words,
  stdin?: Promise<Buffer>,
): Promise<Result> {
  await operation.beforeWrite();
  const codes = Array.from({ length: 256 }, (_, code) => code);
  return machine.run(words, { signal, stdin, codes });
}

function told(
  { operation, host }: Place,
  words: Words,
  { code, stderr }: Result,
  install: string,
): string {
  const program = words[2];
  if (code === 127)
    throw new UserError(
      `host "${host}" has no ${program}, which puts the load on. Install ${install} there, or leave proof out`,
    );
  const said = stderr.trim();
  const failure = `${program} ended with ${code}${said ? `: ${said}` : ""}`;
  operation.tell(
    `the load failed, and shows nothing whatever counters did: ${failure}`,
  );
  return failure;
}
