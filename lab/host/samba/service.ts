import { isIPv4 } from "node:net";
import type { Tool } from "../tool";
import type { HostWorld } from "../world";
import { accountsOf, opens } from "./accounts";
import { configurationFile, effective } from "./effective";
import { truth } from "./parameters";
import { isSame } from "./smb-conf";

interface Daemon {
  /** Addresses that it serves; none: it does not run. */
  listening: string[];
  ports: string[];
  /** Shares whose clients were sent away, in order. */
  closed: string[];
}

const stopped: Daemon = { listening: [], ports: [], closed: [] };
const quiet = () => undefined;

/** What a machine's own addresses are, beside the loopback's. */
export function setAddresses(
  world: HostWorld,
  addresses: readonly string[],
): void {
  world.save("addresses", { addresses });
}

function daemon(world: HostWorld): Daemon {
  return world.load<Daemon>("smbd", stopped);
}

/** An address that the machine does not have is passed over without a word. */
export function startServer(world: HostWorld): void {
  const { addresses } = world.load<{ addresses: string[] }>("addresses", {
    addresses: [],
  });
  const global = effective(world, configurationFile, quiet)?.global;
  if (global === undefined) return;
  const isBound = truth(global.get("bind interfaces only") ?? "no");
  const words = (global.get("interfaces") ?? "").split(/[\s,;]+/);
  const own = ["127.0.0.1", ...addresses];
  const ports = (global.get("smb ports") ?? "445 139").split(/[\s,;]+/);
  const listening = isBound
    ? own.filter((address) => words.includes(address))
    : ["0.0.0.0", "[::]"];
  world.save("smbd", { ...daemon(world), listening, ports });
}

/** As Debian's /usr/share/samba/is-configured judges nmbd. */
export function hasNames(world: HostWorld): boolean {
  const found = effective(world, configurationFile, quiet);
  return (
    found !== undefined && !truth(found.global.get("disable netbios") ?? "no")
  );
}

/** nmbd: every address beside those of the interfaces, whatever is bound (nmbd.c, open_sockets). */
export function startNames(world: HostWorld): void {
  const { addresses } = world.load<{ addresses: string[] }>("addresses", {
    addresses: [],
  });
  const global = effective(world, configurationFile, quiet)?.global;
  const words = global?.get("interfaces")?.split(/[\s,;]+/);
  const own = addresses.filter((item) => words?.includes(item) ?? true);
  world.save("nmbd", { listening: ["0.0.0.0", ...own] });
}

export function stopNames(world: HostWorld): void {
  world.save("nmbd", { listening: [] });
}

export function stopServer(world: HostWorld): void {
  world.save("smbd", { ...daemon(world), listening: [] });
}

/** Shares whose clients were sent away since the last call. */
export function closedShares(world: HostWorld): string[] {
  const now = daemon(world);
  world.save("smbd", { ...now, closed: [] });
  return now.closed;
}

const smbcontrol: Tool = ({ words, world, stderr }) => {
  const [to = "", message, ...rest] = words;
  const say = (text: string) => {
    stderr.write(`${text}\n`);
    return 1;
  };
  const now = daemon(world);
  if (to !== "smbd" && to !== "all")
    return say(`Can't find pid for destination '${to}'`);
  if (now.listening.length === 0 && to === "smbd")
    return say(`Can't find pid for destination '${to}'`);
  if (message === "reload-config" && rest.length === 0) return 0;
  if (message === "close-share") {
    const [share] = rest;
    if (share === undefined || rest.length > 1)
      return say("Usage: smbcontrol <dest> close-share <sharename>");
    world.save("smbd", { ...now, closed: [...now.closed, share] });
    return 0;
  }
  return say(`smbcontrol: unknown command '${message}'`);
};

const known = ["--no-header", "--listening", "--tcp", "--udp", "--numeric"];

const ss: Tool = ({ words, world, stdout, stderr }) => {
  const wrong = words.find((word) => !known.includes(word));
  if (wrong !== undefined) {
    stderr.write(`ss: unrecognized option '${wrong}'\n`);
    return 255;
  }
  const { listening, ports } = daemon(world);
  const names = world.load<{ listening: string[] }>("nmbd", { listening: [] });
  const of = (addresses: string[], numbers: readonly string[]) =>
    addresses.flatMap((at) => numbers.map((number) => `${at}:${number}`));
  const [udp, tcp] = [words.includes("--udp"), words.includes("--tcp")];
  const rows = [
    ...(udp ? of(names.listening, ["138", "137"]) : []).map(
      (local) => ["udp", "UNCONN 0      0", local] as const,
    ),
    ...(tcp ? ["0.0.0.0:22", ...of(listening, ports)] : []).map(
      (local) => ["tcp", "LISTEN 0      50", local] as const,
    ),
  ];
  for (const [kind, state, local] of rows) {
    const peer = local.startsWith("[") ? "[::]:*" : "0.0.0.0:*";
    // The kind is a column where there can be more than one.
    const begin = udp && tcp ? `${kind}   ${state}` : state;
    stdout.write(`${begin}     ${local.padStart(18)} ${peer.padStart(18)}\n`);
  }
  return 0;
};

/**
 * What somebody at an address gets of a share now; undefined: nothing. Without
 * a user it is a guest.
 */
export function access(
  world: HostWorld,
  name: string,
  client: { address: string; user?: string; password?: string },
  isMountpoint: (path: string) => boolean,
): "rw" | "ro" | undefined {
  const { listening } = daemon(world);
  const found = effective(world, configurationFile, quiet);
  const own = found?.shares.find((share) => isSame(share.name, name));
  if (own === undefined || listening.length === 0) return undefined;
  const value = (key: string) => own.parameters.get(key) ?? "";
  const list = (key: string) =>
    value(key)
      .split(/[\s,;]+/)
      .filter(Boolean);
  const is = (key: string) => truth(value(key) || "no") === true;
  if (value("available") !== "" && !is("available")) return undefined;
  const account = accountsOf(world).find((item) => item.name === client.user);
  const isKnown =
    account !== undefined && opens(account, client.password ?? "");
  if (!isKnown && (client.user !== undefined || !is("guest ok")))
    return undefined;
  const isGuest = is("guest only") && is("guest ok");
  const user = isKnown && !isGuest ? account.name : "nobody";
  const isNear = mayConnect(
    list("hosts allow"),
    list("hosts deny"),
    client.address,
  );
  const valid = list("valid users");
  if (!isNear || (valid.length > 0 && !valid.includes(user))) return undefined;
  const [, mountpoint] =
    /^\/usr\/bin\/mountpoint --quiet (.*)$/.exec(value("root preexec")) ?? [];
  if (mountpoint && is("root preexec close") && !isMountpoint(mountpoint))
    return undefined;
  const isReadOnly =
    list("read list").includes(user) || truth(value("read only") || "yes");
  return isReadOnly && !list("write list").includes(user) ? "ro" : "rw";
}

/** With both lists who is on neither may, too (lib/util/access.c). */
function mayConnect(
  allowed: readonly string[],
  denied: readonly string[],
  address: string,
): boolean {
  const isOn = (list: readonly string[]) =>
    list.some((item) => matches(item, address));
  if (isOn(allowed)) return true;
  if (denied.length === 0) return allowed.length === 0;
  return !isOn(denied);
}

function matches(item: string, address: string): boolean {
  const [network = "", length] = item.split("/");
  if (length === undefined) return item === address;
  if (!isIPv4(network) || !isIPv4(address)) return false;
  const shift = 2 ** (32 - Number(length));
  return (
    Math.floor(number(network) / shift) === Math.floor(number(address) / shift)
  );
}

function number(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

export const tools: Record<string, Tool> = { smbcontrol, ss };
