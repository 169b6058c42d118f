import type { Tool } from "../tool";
import { dmidecode } from "./dmidecode";
import { find } from "./find";
import { grep } from "./grep";
import { journalctl } from "./journalctl";
import { lspci } from "./lspci";
import { tools as versions } from "./versions";

export type { FactsSpec, HbaSpec, PciSpec, SocketSpec } from "./spec";
export { bootFacts } from "./sysfs";

/** What tells of a machine's hardware and versions. */
export const tools: Record<string, Tool> = {
  lspci,
  dmidecode,
  find,
  grep,
  journalctl,
  ...versions,
};
