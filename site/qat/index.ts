import type { QatCard, Site } from "../manifest";

export interface QatPlan {
  name: string;
  host: string;
  endpoints?: string[];
  stack: "in-tree" | "out-of-tree" | "passthrough";
  services?: ("cy" | "dc")[];
  instances?: QatCard["instances"];
  uses?: ("ipsec" | "tls")[];
  disableDenylist?: boolean;
  proof?: QatCard["proof"];
  /** The driver's installer has written files of its own. */
  adopt?: boolean;
}

/** What the area qat makes of cards; those that nothing can drive are left to the rules. */
export function qatDevicesOf({ qat }: Site): QatPlan[] {
  return qat.flatMap(
    ({ card: _card, stack, uses, disableDenylist, ...rest }): QatPlan[] =>
      stack === "qatlib"
        ? []
        : [
            {
              ...rest,
              stack,
              ...(uses.length > 0 && { uses }),
              ...(disableDenylist && { disableDenylist }),
              ...(stack === "out-of-tree" && { adopt: true }),
            },
          ],
  );
}

/** The card that an entry names. */
export function cardOf({ hardware }: Site, { host, card }: QatCard) {
  return hardware.hosts
    .find(({ name }) => name === host)
    ?.cards.find(({ name }) => name === card);
}
