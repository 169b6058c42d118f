import type { Machine, Words } from "../../host/client/machine";
import { parseImportable } from "./importable";
import type { Importable, Pool } from "./pool";
import {
  type Properties,
  parsePropertiesJson,
  parsePropertiesText,
} from "./properties";
import { parseStatusJson } from "./status-json";
import { parseStatusText } from "./status-text";

/**
 * Proxmox VE takes it for what it does to disks, too: everything that looks
 * at disks in order to write holds it.
 */
export const disksLock = "/run/lock/pve-diskmanage.lck";

/** Asked once a process. */
const speaksJson = new WeakMap<Machine, Promise<boolean>>();

/** Looks at the pools and datasets of a machine; writes nothing. */
export class Zfs {
  constructor(
    private readonly machine: Machine,
    private readonly signal: AbortSignal,
  ) {}

  /** All that are imported. */
  async pools(): Promise<Pool[]> {
    if (await this.#hasJson()) {
      return parseStatusJson(await this.#out(["zpool", "status", "-j", "-p"]));
    }
    const list = ["zpool", "list", "-H", "-p", "-o", "name,guid"] as const;
    const [paths, guids, names] = [
      await this.#out(["zpool", "status", "-p", "-P"]),
      await this.#out(["zpool", "status", "-p", "-g"]),
      await this.#out(list),
    ];
    const guid = names
      .split("\n")
      .map((line) => line.split("\t") as [string, string])
      .filter(([name]) => name !== "");
    return parseStatusText(paths, guids, new Map(guid));
  }

  async poolProperties(
    pool: string,
    keys: readonly string[],
  ): Promise<Properties> {
    const found = await this.#get("zpool", keys, [pool]);
    return found.get(pool) ?? new Map();
  }

  async datasetProperties(
    dataset: string,
    keys: readonly string[],
  ): Promise<Properties> {
    const found = await this.#get("zfs", keys, [dataset]);
    return found.get(dataset) ?? new Map();
  }

  /** The pool's own property says what the next vdev gets, not what these have. */
  async ashifts(pool: string): Promise<Map<string, number>> {
    const found = await this.#get("zpool", ["ashift"], [pool, "all-vdevs"]);
    return new Map(
      [...found]
        .map(
          ([name, items]) =>
            [name, Number(items.get("ashift")?.value)] as const,
        )
        .filter(([, value]) => value > 0),
    );
  }

  /** What lies on disks and is not imported, destroyed pools among it. */
  async importable(): Promise<Importable[]> {
    const listed = [
      await this.#out(["zpool", "import"]),
      await this.#out(["zpool", "import", "-D"]),
    ];
    return listed.flatMap(parseImportable);
  }

  async #get(
    tool: "zpool" | "zfs",
    keys: readonly string[],
    operands: readonly string[],
  ): Promise<Map<string, Properties>> {
    if (keys.length === 0) return new Map();
    const asked = [keys.join(","), ...operands];
    if (await this.#hasJson()) {
      const words: Words = [tool, "get", "-j", "-p", ...asked];
      return parsePropertiesJson(await this.#out(words));
    }
    const columns = "name,property,value,source";
    const words: Words = [tool, "get", "-H", "-p", "-o", columns, ...asked];
    return parsePropertiesText(await this.#out(words));
  }

  /** 2.3 and later. */
  #hasJson(): Promise<boolean> {
    const known = speaksJson.get(this.machine);
    if (known) return known;
    const options = { signal: this.signal, codes: [0, 1, 2], looks: true };
    const asked = this.machine
      .run(["zpool", "version", "-j"], options)
      // Versions without it take no notice of the flag and print their text.
      .then(({ code, stdout }) => code === 0 && stdout.trimStart()[0] === "{");
    speaksJson.set(this.machine, asked);
    asked.catch(() => speaksJson.delete(this.machine));
    return asked;
  }

  async #out(words: Words): Promise<string> {
    const options = { signal: this.signal, looks: true };
    return (await this.machine.run(words, options)).stdout;
  }
}
