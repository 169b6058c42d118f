import type { Machine, Words } from "../../host/client";
import type { PciDevice } from "../../host/host-facts/facts";
import { attributes, pairs } from "../../host/host-facts/gather";
import { linkPaths, parsePci, withLinks } from "../../host/host-facts/pci";
import { type Counters, parseCounters } from "./counters";
import { parseCrypto, type RegisteredAlgorithm } from "./crypto";
import { pathOf } from "./files";

const devices = "/sys/bus/pci/devices";
const debug = "/sys/kernel/debug";
export const physicalId = "8086:37c8";
/** The adapter's; the chipset's own block has the board maker's. */
export const adapterSubsystem = "8086:0002";
const [boot, denylist, crypto, loaded] = [
  "/proc/sys/kernel/random/boot_id",
  "/sys/module/vfio_pci/parameters/disable_denylist",
  "/proc/crypto",
  "/sys/module/qat_c62x/initstate",
];

/** Of the kernel's section, and of all others. */
export interface Instances {
  crypto: number;
  compression: number;
  user: number;
}

export interface VirtualFunction {
  address: string;
  driver?: string;
}

/** A function of C62x, as the kernel shows it. */
export interface Seen extends PciDevice {
  /** How many there could be. */
  totalVirtualFunctions: number;
  virtualFunctions: VirtualFunction[];
  /** Undefined: nothing says so. */
  isStarted?: boolean;
  /** Since the epoch, as debugfs has it; undefined: not started, or nothing says so. */
  startedAt?: number;
  /** When its file was written, likewise. */
  configuredAt?: number;
  heartbeat: "answers" | "fails" | "unknown";
  counters?: Counters;
  /** Instances that the driver has; undefined: it does not say. */
  instances?: Instances;
  /** "cy;dc" */
  services?: string;
  /** Of the out-of-tree driver: N of /etc/c6xx_devN.conf. */
  number?: number;
  /** As its program calls it: "qat_dev0". */
  device?: string;
}

export interface Look {
  /** Of every C62x function, the chipset's block among them. */
  functions: Seen[];
  isLoaded: boolean;
  boot: string;
  algorithms: RegisteredAlgorithm[];
  /** Undefined: vfio-pci is not loaded. */
  isDenylistDisabled?: boolean;
  /** Which driver a load of the module gives. */
  driver: "in-tree" | "out-of-tree" | "none";
  hasIommu: boolean;
}

/** Six commands, or seven with the driver out of the tree. */
export async function look(
  machine: Machine,
  signal: AbortSignal,
): Promise<Look> {
  const ask = async (words: Words, codes: readonly number[] = [0]) =>
    (await machine.run(words, { signal, codes, looks: true })).stdout;
  const [cards, module] = await Promise.all([
    ask(["lspci", "-Dvmmnnk"]),
    ask(["modinfo", "-F", "filename", "qat_c62x"], [0, 1]),
  ]);
  const pci = parsePci(cards);
  const physical = pci.filter(({ id }) => id === physicalId);
  const driver = driverOf(module.trim());
  const addresses = physical.map(({ address }) => address);
  const [links, times, lines, status] = await Promise.all([
    virtualLinks(ask, addresses),
    writtenAt(ask, [
      ...addresses.map(countersOf),
      ...(driver === "out-of-tree" ? addresses.map((_, at) => pathOf(at)) : []),
    ]),
    attributes(ask, [
      ...new Set([
        ...[boot, denylist, crypto, loaded],
        ...linkPaths(physical),
        ...addresses.flatMap(ownPaths),
      ]),
    ]),
    driver === "out-of-tree" ? ask(["adf_ctl", "status"], [0, 1]) : "",
  ]);
  const first = (path: string) => lines.get(path)?.[0]?.trim();
  const all = (path: string) => lines.get(path);
  const numbers = numbersOf(status);
  const fileAt = ({ number }: Pick<Seen, "number"> = {}) =>
    number === undefined ? undefined : times.get(pathOf(number));
  return {
    functions: physical.map((device) => ({
      ...withLinks(device, first),
      ...shownOf(device.address, all),
      virtualFunctions: virtualOf(device.address, links, pci),
      ...numbers.get(device.address),
      startedAt: times.get(countersOf(device.address)),
      configuredAt: fileAt(numbers.get(device.address)),
    })),
    isLoaded: first(loaded) !== undefined,
    boot: first(boot) ?? "",
    algorithms: parseCrypto((all(crypto) ?? []).join("\n")),
    isDenylistDisabled:
      first(denylist) === undefined ? undefined : first(denylist) === "Y",
    driver,
    hasIommu: physical.every(({ iommuGroup }) => iommuGroup !== undefined),
  };
}

/** A distribution's modules are below kernel/; those of an installer are not. */
function driverOf(path: string): Look["driver"] {
  if (path === "") return "none";
  return path.includes("/kernel/drivers/crypto/") ? "in-tree" : "out-of-tree";
}

const folderOf = (address: string) => `${debug}/qat_c6xx_${address}`;

/** The driver makes it anew at each start, and nothing writes to it. */
const countersOf = (address: string) => `${folderOf(address)}/fw_counters`;

/** In seconds, of each path that is there. */
async function writtenAt(
  ask: (words: Words, codes: readonly number[]) => Promise<string>,
  paths: readonly string[],
): Promise<Map<string, number>> {
  if (paths.length === 0) return new Map();
  const how = "--printf=%n\\0%.9Y\\0";
  const found = pairs(await ask(["stat", how, "--", ...paths], [0, 1]));
  return new Map([...found].map(([path, time]) => [path, Number(time)]));
}

function ownPaths(address: string): string[] {
  const at = `${devices}/${address}`;
  return [
    `${at}/sriov_totalvfs`,
    ...[
      "fw_counters",
      "heartbeat/status",
      // So the driver out of the tree calls it.
      "heartbeat",
      "dev_cfg",
    ].map((name) => `${folderOf(address)}/${name}`),
  ];
}

async function virtualLinks(
  ask: (words: Words, codes: readonly number[]) => Promise<string>,
  addresses: readonly string[],
): Promise<Map<string, string>> {
  const [start, ...rest] = addresses.map((item) => `${devices}/${item}/`);
  if (start === undefined) return new Map();
  const how = "-mindepth 1 -maxdepth 1 -type l -name virtfn* -printf".split(
    " ",
  );
  return pairs(
    await ask(["find", start, ...rest, ...how, "%p\\0%l\\0"], [0, 1]),
  );
}

function virtualOf(
  address: string,
  links: ReadonlyMap<string, string>,
  pci: readonly PciDevice[],
): VirtualFunction[] {
  return [...links].flatMap(([path, target]) => {
    if (!path.startsWith(`${devices}/${address}/`)) return [];
    const own = target.split("/").at(-1) ?? "";
    const driver = pci.find((device) => device.address === own)?.driver;
    return [{ address: own, driver }];
  });
}

function shownOf(
  address: string,
  all: (path: string) => readonly string[] | undefined,
): Pick<
  Seen,
  "totalVirtualFunctions" | "isStarted" | "heartbeat" | "counters" | "instances"
> {
  const at = folderOf(address);
  const table = all(countersOf(address));
  const [beat] = all(`${at}/heartbeat/status`) ?? all(`${at}/heartbeat`) ?? [];
  const total = all(`${devices}/${address}/sriov_totalvfs`)?.[0];
  return {
    totalVirtualFunctions: Number(total ?? 0),
    // The driver shows them of what has started, and takes them away.
    isStarted: table !== undefined,
    heartbeat:
      beat === undefined
        ? "unknown"
        : beat.trim() === "0"
          ? "answers"
          : "fails",
    counters: table && parseCounters(table),
    ...configured(all(`${at}/dev_cfg`)),
  };
}

/** Of the driver's own configuration, with sections as in a file. */
function configured(
  lines: readonly string[] | undefined,
): Pick<Seen, "instances" | "services"> {
  if (lines === undefined) return {};
  const instances: Instances = { crypto: 0, compression: 0, user: 0 };
  let [section, services]: [string, string | undefined] = ["", undefined];
  for (const line of lines) {
    section = /^\[(.+)\]$/.exec(line)?.[1] ?? section;
    const [, key = "", value = ""] = /^(\w+) = (.*)$/.exec(line) ?? [];
    if (section === "GENERAL" && key === "ServicesEnabled") services = value;
    const kinds = {
      NumberCyInstances: "crypto",
      NumberDcInstances: "compression",
    } as const;
    const kind = kinds[key as keyof typeof kinds];
    if (kind !== undefined)
      instances[section === "KERNEL" ? kind : "user"] += Number(value);
  }
  return { instances, services };
}

function numbersOf(
  status: string,
): Map<string, Pick<Seen, "number" | "device" | "isStarted">> {
  const line =
    /(\w+) - type: c6xx, +inst_id: (\d+),.*bsf: (\S+),.*state: (\w+)/g;
  return new Map(
    [...status.matchAll(line)].map(
      ([, device, number, address = "", state]) => [
        address,
        { device, number: Number(number), isStarted: state === "up" },
      ],
    ),
  );
}
