import type { Faults } from "./faults";
import type { Flash } from "./flash";
import type { OpenwrtSpec } from "./spec";
import type { UciFile, UciSection } from "./uci/file";

export interface InterfaceStatus {
  interface: string;
  up: boolean;
  pending: boolean;
  available: boolean;
  autostart: boolean;
  dynamic: boolean;
  uptime?: number;
  l3_device?: string;
  proto: string;
  device: string;
  metric: number;
  "ipv4-address": { address: string; mask: number }[];
  "ipv6-address": { address: string; mask: number }[];
  route: { target: string; mask: number; nexthop: string }[];
  errors?: { subsystem: string; code: string }[];
}

/** From the event to interfaces that are up again. */
const reloadMs = 300;
const setupMs = 200;

/** The network as it runs, which is not yet what the file says while it reloads. */
export class Netifd {
  #running: UciFile = [];
  readonly #since = new Map<string, number>();
  readonly #failed = new Set<string>();
  /** A lease outlives the server that gave it. */
  readonly #leased = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly flash: Flash,
    private readonly faults: Faults,
    private readonly spec: OpenwrtSpec,
    /** Interfaces that went down and come up again. */
    private readonly bounced: (names: string[]) => void,
  ) {}

  start(): void {
    this.#take();
  }

  reload(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#take(), reloadMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  dump(): InterfaceStatus[] {
    return this.#interfaces().map((section) => this.status(section));
  }

  find(name: string): InterfaceStatus | undefined {
    const section = this.#interfaces().find((item) => item.name === name);
    return section && this.status(section);
  }

  /** Whether packets of the management network still come in and are answered. */
  managed(): string | undefined {
    const { managementAddress, trunk } = this.spec;
    return this.dump().find(
      ({ up, device, "ipv4-address": addresses }) =>
        up &&
        addresses.some(({ address }) => address === managementAddress) &&
        this.#carries(device, trunk),
    )?.interface;
  }

  device(name: string): object | undefined {
    const card = this.spec.devices.find((item) => item.name === name);
    if (card === undefined)
      return this.#exists(name) ? { up: true } : undefined;
    const up = this.faults.line(name) !== "cut";
    return {
      external: false,
      present: true,
      type: "Network device",
      up,
      carrier: up,
      macaddr: card.mac,
      mtu: 1500,
    };
  }

  status({ name, options }: UciSection): InterfaceStatus {
    const text = (key: string) => String(options.get(key) ?? "");
    const proto = text("proto") || "none";
    const device = text("device");
    const card = this.card(device);
    const isOff = text("disabled") === "1";
    const autostart = text("auto") !== "0";
    const available = this.#isAvailable(device);
    const fails = this.#failed.has(name);
    const since = this.#since.get(name) ?? Date.now();
    const isSetUp = Date.now() >= since + setupMs;
    const line = this.spec.lines.find((item) => item.device === card);
    const given = proto === "dhcpv6" ? line?.ipv6 : line;
    const isLive = given !== undefined && this.faults.line(card) === "up";
    if (!available || !isSetUp) this.#leased.delete(name);
    else if (/^dhcp/.test(proto) && isLive) this.#leased.add(name);
    const answers =
      proto === "static" ||
      proto === "none" ||
      isLive ||
      this.#leased.has(name);
    const up = !isOff && autostart && available && !fails && isSetUp && answers;
    const errors = fails
      ? [{ subsystem: proto, code: "SETUP_FAILED" }]
      : available || isOff
        ? []
        : [{ subsystem: "interface", code: "NO_DEVICE" }];
    return {
      interface: name,
      up,
      pending: !up && !isOff && autostart && available,
      available,
      autostart,
      dynamic: false,
      ...(up
        ? {
            uptime: Math.round((Date.now() - since) / 1_000),
            l3_device: this.#l3Device(name, proto, device),
          }
        : {}),
      proto,
      device,
      metric: Number(text("metric") || 0),
      "ipv4-address":
        up && proto !== "dhcpv6"
          ? addressesOf(options, proto === "static" ? undefined : line?.address)
          : [],
      "ipv6-address":
        up && proto === "dhcpv6" ? addressesOf(options, given?.address) : [],
      route:
        up && text("defaultroute") !== "0"
          ? routesOf(options, given?.gateway)
          : [],
      ...(errors.length > 0 ? { errors } : {}),
    };
  }

  #interfaces(): UciSection[] {
    return this.#running.filter(({ type }) => type === "interface");
  }

  #take(): void {
    const now = this.flash.config("network") ?? [];
    const key = (file: UciFile, name: string) => {
      const section = file.find(
        (item) => item.type === "interface" && item.name === name,
      );
      const device = String(section?.options.get("device") ?? "");
      const below = file.filter(({ options }) => {
        const owner = options.get("device") ?? options.get("name");
        return owner !== undefined && device.split(".")[0] === owner;
      });
      return JSON.stringify(
        [section, ...below].map((item) => item && [item.type, ...item.options]),
      );
    };
    const names = now
      .filter(({ type }) => type === "interface")
      .map(({ name }) => name);
    const changed = names.filter(
      (name) => key(now, name) !== key(this.#running, name),
    );
    for (const name of changed) {
      this.#since.set(name, Date.now());
      // It is set up anew, and now it may fail.
      if (this.faults.hit("interface-fails", name)) this.#failed.add(name);
      else this.#failed.delete(name);
    }
    this.#running = now;
    if (changed.length > 0) this.bounced(changed);
  }

  /** The card below an interface's device: "@wan1" is that of the interface wan1. */
  card(device: string): string {
    if (!device.startsWith("@")) return device;
    const below = this.#below(device)?.options.get("device");
    return below === undefined ? "" : this.card(String(below));
  }

  #below(device: string): UciSection | undefined {
    return this.#interfaces().find(({ name }) => name === device.slice(1));
  }

  /** An alias is there while the interface below it is up. */
  #isAvailable(device: string): boolean {
    if (!device.startsWith("@"))
      return this.#exists(device) && this.faults.line(device) !== "cut";
    const below = this.#below(device);
    return below !== undefined && this.status(below).up;
  }

  #l3Device(name: string, proto: string, device: string): string {
    if (proto === "pppoe") return `pppoe-${name}`;
    const below = device.startsWith("@") ? this.#below(device) : undefined;
    return (below && this.status(below).l3_device) ?? device;
  }

  #exists(device: string): boolean {
    if (device === "lo") return true;
    const [base = "", id] = device.split(".");
    const bridge = this.#bridge(base);
    if (
      bridge === undefined &&
      !this.spec.devices.some(({ name }) => name === base)
    )
      return false;
    if (id === undefined || bridge === undefined) return true;
    return (
      this.#vlans(base).length === 0 ||
      this.#vlans(base).some(({ options }) => options.get("vlan") === id)
    );
  }

  /** A bridge with one bridge-vlan filters, and then carries those only. */
  #carries(device: string, card: string): boolean {
    const [base = "", id] = device.split(".");
    if (id === undefined) return false;
    if (this.#bridge(base) === undefined) return base === card;
    return this.#vlans(base).some(
      ({ options }) =>
        options.get("vlan") === id &&
        [options.get("ports") ?? []]
          .flat()
          .some((port) => port === `${card}:t`),
    );
  }

  #bridge(name: string): UciSection | undefined {
    return this.#running.find(
      ({ type, options }) =>
        type === "device" &&
        options.get("type") === "bridge" &&
        options.get("name") === name,
    );
  }

  #vlans(bridge: string): UciSection[] {
    return this.#running.filter(
      ({ type, options }) =>
        type === "bridge-vlan" &&
        options.get("device") === bridge &&
        options.has("vlan"),
    );
  }
}

function addressesOf(
  options: UciSection["options"],
  given: string | undefined,
) {
  const texts =
    given === undefined ? [options.get("ipaddr") ?? []].flat() : [given];
  return texts.map((text) => {
    const [address = "", mask] = text.split("/");
    return { address, mask: Number(mask ?? 24) };
  });
}

function routesOf(options: UciSection["options"], given: string | undefined) {
  const nexthop = String(options.get("gateway") ?? given ?? "");
  const target = nexthop.includes(":") ? "::" : "0.0.0.0";
  return nexthop ? [{ target, mask: 0, nexthop }] : [];
}
