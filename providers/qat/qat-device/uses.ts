import type { Look } from "./look";
import type { ProofOutput, QatDeviceInputs, UseOutput } from "./model";

/** Who is shown to use the adapter: nobody whom its counters do not show. */
export function usesOf(
  { uses = [], stack }: QatDeviceInputs,
  seen: Look,
  evidence: ProofOutput | undefined,
): UseOutput[] {
  const judges = { ipsec, tls };
  return uses.map((use) => ({ use, ...judges[use](stack, seen, evidence) }));
}

function tls(
  stack: QatDeviceInputs["stack"],
  _seen: Look,
  evidence: ProofOutput | undefined,
): Omit<UseOutput, "use"> {
  const not = (why: string) => ({ isShown: false, why });
  if (stack !== "out-of-tree")
    return not(
      "OpenSSL has no way to the adapter by this stack: neither qatlib nor Debian's qatengine knows it",
    );
  if (evidence?.load !== "openssl")
    return not(
      "no load of OpenSSL has been put on it: set proof with load openssl",
    );
  const moved = evidence.endpoints.filter(({ shows }) => shows === "served");
  const isBusy = evidence.endpoints.some(({ shows }) => shows === "busy");
  if (evidence.failure) return not(`OpenSSL failed: ${evidence.failure}`);
  return moved.length === 0
    ? not(
        isBusy
          ? "its counters moved without OpenSSL as well, so nothing can be told: give proof another run while nobody else uses the adapter"
          : "its counters did not move while OpenSSL computed by its engine",
      )
    : {
        isShown: true,
        why: `counters of ${moved.map(({ address }) => address).join(", ")} moved while OpenSSL computed by its engine`,
      };
}

function ipsec(
  _stack: QatDeviceInputs["stack"],
  { algorithms }: Look,
  evidence: ProofOutput | undefined,
): Omit<UseOutput, "use"> {
  const not = (why: string) => ({ isShown: false, why });
  // Only the names by which ESP asks.
  const own = algorithms.filter(
    ({ name, driver }) =>
      name.startsWith("authenc(") && /^qat[-_]/.test(driver),
  );
  if (own.length === 0)
    return not("/proc/crypto has no authenc() of it, by which IPsec would ask");
  const held = own.filter(({ references }) => references > 1);
  if (held.length === 0)
    return not("no security association holds an authenc() of it");
  const drivers = held.map(({ driver }) => driver).join(", ");
  return evidence?.moving
    ? {
        isShown: true,
        why: `${drivers} is held, and counters moved without a load of ours`,
      }
    : not(
        `${drivers} is held, and no counter was seen to move without a load of ours: set proof, or give it another run while there is traffic`,
      );
}
