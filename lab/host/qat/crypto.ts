import type { HostWorld } from "../world";
import { virtualDriver } from "./driver";
import { banks, factsIn, loadQat, type QatState } from "./state";

export interface Algorithm {
  name: string;
  driver: string;
  priority: number;
  type: string;
  refcnt: number;
}

/** What others have made of the kernel's algorithms. */
interface Users {
  /** Drivers that somebody has. */
  held?: string[];
  /** Names of templates that are there in software, too. */
  inSoftware?: string[];
}

const software: [name: string, driver: string, priority: number][] = [
  ["cbc(aes)", "cbc-aes-aesni", 400],
  ["ctr(aes)", "ctr-aes-aesni", 400],
  ["xts(aes)", "xts-aes-aesni", 401],
  ["cbc(aes)", "cbc(aes-generic)", 100],
];

const hashes = ["sha1", "sha256", "sha512"];
const symmetric: [name: string, driver: string, type: string][] = [
  ...hashes.map((hash): [string, string, string] => [
    `authenc(hmac(${hash}),cbc(aes))`,
    `qat_aes_cbc_hmac_${hash}`,
    "aead",
  ]),
  ["cbc(aes)", "qat_aes_cbc", "skcipher"],
  ["ctr(aes)", "qat_aes_ctr", "skcipher"],
  ["xts(aes)", "qat_aes_xts", "skcipher"],
];
const others: [name: string, driver: string, type: string, priority: number][] =
  [
    ["rsa", "qat-rsa", "akcipher", 1_000],
    ["dh", "qat-dh", "kpp", 1_000],
  ];

/** What is registered now: the card's while any function has instances for the kernel. */
export function algorithms(world: HostWorld): Algorithm[] {
  const state = loadQat(world);
  const { held = [], inSoftware = [] } = world.load<Users>("crypto-users", {});
  const has = (key: "kernelCrypto" | "kernelCompression") =>
    Object.values(state.endpoints).some(
      (endpoint) =>
        !endpoint.isGone &&
        endpoint.isStarted &&
        (endpoint.instances[key] > 0 || hostHasVirtual(state, endpoint)),
    );
  const priority = isLowered(factsIn(world).kernel ?? "") ? 100 : 4_001;
  const entry = (
    name: string,
    driver: string,
    type: string,
    value: number,
  ): Algorithm => ({
    name,
    driver,
    type,
    priority: value,
    refcnt: held.includes(driver) ? 2 : 1,
  });
  return [
    ...(has("kernelCompression")
      ? [entry("deflate", "qat_deflate", "acomp", 4_001)]
      : []),
    ...(has("kernelCrypto")
      ? [
          ...others.map((item) => entry(...item)),
          ...symmetric.map(([name, driver, type]) =>
            entry(name, driver, type, priority),
          ),
        ]
      : []),
    ...inSoftware.map((name) => entry(name, `${name}-generic`, "aead", 4_100)),
    ...software.map(([name, driver, value]) =>
      entry(name, driver, "skcipher", value),
    ),
  ];
}

/** Virtual functions that the host's own driver has taken give it instances, too. */
function hostHasVirtual(
  state: QatState,
  endpoint: QatState["endpoints"][string],
): boolean {
  return (
    endpoint.virtualFunctions > 0 &&
    Array.from({ length: banks }, (_, index) =>
      virtualDriver(state, endpoint, index),
    ).includes("c6xxvf")
  );
}

/** Linux 6.17, and 6.16 from its fourth release on. */
function isLowered(kernel: string): boolean {
  const [major = 0, minor = 0, patch = 0] = (
    /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(kernel) ?? []
  )
    .slice(1)
    .map((text) => Number(text ?? 0));
  if (major !== 6) return major > 6;
  return minor > 16 || (minor === 16 && patch >= 4);
}

export function procCrypto(world: HostWorld): string {
  return algorithms(world)
    .map(({ name, driver, priority, type, refcnt }) => {
      const module = driver.startsWith("qat") ? "intel_qat" : "kernel";
      const fields = { name, driver, module, priority, refcnt };
      const lines = Object.entries({
        ...fields,
        selftest: "passed",
        internal: "no",
        type,
      }).map(([key, value]) => `${key.padEnd(12)} : ${value}\n`);
      return `${lines.join("")}\n`;
    })
    .join("");
}
