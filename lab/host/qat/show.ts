import { lstatSync, mkdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { posix } from "node:path";
import type { PciSpec } from "../facts/spec";
import { addPci, Tree } from "../facts/sysfs";
import type { HostWorld } from "../world";
import { procCrypto } from "./crypto";
import { isBound, virtualDriver } from "./driver";
import { banks, type Endpoint, factsIn, loadQat, type QatState } from "./state";

const devices = "/sys/bus/pci/devices";
const debug = "/sys/kernel/debug";
const record = "sysfs-qat";

/** What lspci, /sys, debugfs and /proc show of the functions now. */
export function show(world: HostWorld): void {
  const state = loadQat(world);
  const before = world.load<{ paths: string[]; folders: string[] }>(record, {
    paths: [],
    folders: [],
  });
  for (const path of before.paths) rmSync(world.path(path), { force: true });
  for (const path of before.folders)
    rmSync(world.path(path), { recursive: true, force: true });
  const shown = state.devices.flatMap((device) =>
    functions(world, state, device),
  );
  const facts = factsIn(world);
  const rest = (facts.pci ?? []).filter(
    ({ vendor, device }) =>
      vendor.id !== "8086" || !["37c8", "37c9"].includes(device.id),
  );
  world.save("facts", { ...facts, pci: [...rest, ...shown].sort(byAddress) });
  for (const { address } of state.devices) remove(world, address);
  const tree = new Tree(world);
  const folders: string[] = [];
  for (const device of shown) addPci(tree, device);
  for (const { address } of state.devices) {
    const endpoint = state.endpoints[address];
    if (endpoint === undefined || endpoint.isGone) continue;
    addSriov(tree, world, address, endpoint);
    if (!endpoint.isStarted || !isBound(world, state, address)) continue;
    folders.push(`${debug}/qat_c6xx_${address}`);
    addDebug(tree, state, address, endpoint);
  }
  for (const [module, parameters] of Object.entries(state.modules)) {
    tree.put(`/sys/module/${module}/initstate`, "live");
    if (module === "vfio_pci")
      tree.put(
        `/sys/module/${module}/parameters/disable_denylist`,
        parameters.disable_denylist === "1" ? "Y" : "N",
      );
  }
  world.put("/proc/crypto", procCrypto(world));
  world.save(record, {
    paths: tree.paths,
    folders: [
      ...folders,
      ...shown.map(({ address }) => `/sys/devices/pci0000:00/${address}`),
    ],
  });
}

const byAddress = (left: PciSpec, right: PciSpec) =>
  left.address < right.address ? -1 : 1;

/** A function, and the virtual ones behind it. */
function functions(
  world: HostWorld,
  state: QatState,
  device: PciSpec,
): PciSpec[] {
  const { address } = device;
  const endpoint = state.endpoints[address];
  if (endpoint === undefined || endpoint.isGone) return [];
  const driver = isBound(world, state, address) ? "c6xx" : undefined;
  const link =
    device.link && endpoint.lanes
      ? { ...device.link, width: endpoint.lanes }
      : device.link;
  return [
    { ...device, driver, link },
    ...Array.from(
      { length: endpoint.virtualFunctions },
      (_, index): PciSpec => ({
        ...device,
        address: virtualAddress(address, index),
        device: {
          id: "37c9",
          name: "C62x Chipset QuickAssist Technology Virtual Function",
        },
        driver: virtualDriver(state, endpoint, index),
        modules: ["qat_c62xvf"],
        iommuGroup: (device.iommuGroup ?? 0) * 100 + index,
        link: undefined,
        maxLink: undefined,
      }),
    ),
  ];
}

/** Behind the function on its bus: from 01.0 on. */
function virtualAddress(address: string, index: number): string {
  const bus = address.slice(0, address.lastIndexOf(":"));
  return `${bus}:0${1 + Math.floor(index / 8)}.${index % 8}`;
}

/** As the machine's facts have it; what is written here is in the record. */
function remove(world: HostWorld, address: string): void {
  for (const path of [
    `${devices}/${address}`,
    `/sys/bus/pci/drivers/c6xx/${address}`,
    `/sys/devices/pci0000:00/${address}`,
  ])
    rmSync(world.path(path), { recursive: true, force: true });
}

function addSriov(
  tree: Tree,
  world: HostWorld,
  address: string,
  { virtualFunctions, autoprobe }: Endpoint,
): void {
  const at = `/sys/devices/pci0000:00/${address}`;
  tree.put(`${at}/sriov_totalvfs`, banks);
  tree.put(`${at}/sriov_numvfs`, virtualFunctions);
  tree.put(`${at}/sriov_drivers_autoprobe`, autoprobe ? 1 : 0);
  for (let index = 0; index < virtualFunctions; index++) {
    const path = world.path(`${at}/virtfn${index}`);
    if (lstatSync(path, { throwIfNoEntry: false })) continue;
    mkdirSync(posix.dirname(path), { recursive: true });
    symlinkSync(`../${virtualAddress(address, index)}`, path);
  }
}

function addDebug(
  tree: Tree,
  state: QatState,
  address: string,
  endpoint: Endpoint,
): void {
  const at = `${debug}/qat_c6xx_${address}`;
  const isInTree = state.package === "in-tree";
  tree.put(`${at}/fw_counters`, counters(state, endpoint));
  age(tree.world, address, endpoint);
  const heartbeat = isInTree ? `${at}/heartbeat/status` : `${at}/heartbeat`;
  tree.put(heartbeat, endpoint.isHung ? -1 : 0);
  const sections = Object.entries(endpoint.configuration).map(
    ([name, keys]) =>
      `[${name}]\n${Object.entries(keys)
        .map(([key, value]) => `${key} = ${value}\n`)
        .join("")}`,
  );
  tree.put(`${at}/dev_cfg`, sections.join("").trimEnd());
}

/** What a request changes of all that is shown. */
export function showCounters(world: HostWorld, address: string): void {
  const state = loadQat(world);
  const endpoint = state.endpoints[address];
  if (!endpoint?.isStarted) return;
  world.put(
    `${debug}/qat_c6xx_${address}/fw_counters`,
    `${counters(state, endpoint)}\n`,
  );
  age(world, address, endpoint);
}

/** The driver makes the file when it starts; that its content is another one is no write. */
function age(
  world: HostWorld,
  address: string,
  { startedAt = 0 }: Endpoint,
): void {
  const path = world.path(`${debug}/qat_c6xx_${address}/fw_counters`);
  utimesSync(path, startedAt / 1_000, startedAt / 1_000);
}

function counters({ package: stack }: QatState, endpoint: Endpoint): string {
  const table = stack === "in-tree" ? inTreeCounters : outOfTreeCounters;
  return table(endpoint).trimEnd();
}

function inTreeCounters({ requests, responses }: Endpoint): string {
  const pad = (value: string | number) => String(value).padStart(16);
  const lines = requests.map(
    (value, engine) =>
      `${String(engine).padStart(2)}: ${pad(value)} ${pad(responses[engine] ?? 0)}\n`,
  );
  return `AE  ${pad("Requests")} ${pad("Responses")}\n${lines.join("")}`;
}

function outOfTreeCounters({ requests, responses }: Endpoint): string {
  const line = `+${"-".repeat(48)}+\n`;
  const row = (what: string, engine: number, value: number) =>
    `| Firmware ${what}[AE ${String(engine).padStart(2)}]: ${String(value).padStart(19)} |\n`;
  const rows = requests.map(
    (value, engine) =>
      row("Requests ", engine, value) +
      row("Responses", engine, responses[engine] ?? 0) +
      line,
  );
  return `${line}| FW Statistics for Qat Device${" ".repeat(19)}|\n${line}${rows.join("")}`;
}
