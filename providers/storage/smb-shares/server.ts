import { UserError } from "../../dynamic/failure";
import { HostError } from "../../host/client/errors";
import type { Words } from "../../host/client/machine";
import type { Place } from "../place";
import { type Account, accountsOn } from "./accounts";
import { complaintsOf, configurationFile } from "./configuration";
import type { Share } from "./model";
import { parseSections, type Section } from "./registry";

/** What a host has, as far as it is looked at. */
export interface Found {
  /** Of smb.conf; empty without one. */
  text: string;
  isConfigured: boolean;
  sections: Section[];
  accounts: Map<string, Account>;
  /** What `listeningOn` finds, without the loopback. */
  listening: string[];
}

/** Of the package samba-common-bin; without it nothing of Samba can be asked. */
const tool = "/usr/bin/net";

/** Undefined: there is no Samba, and so nothing that it could serve. */
export async function look(
  place: Place,
  accounts: readonly string[],
): Promise<Found | undefined> {
  const { machine, signal } = place;
  const text = await machine.read(configurationFile, signal);
  const isConfigured = text !== undefined;
  if (!isConfigured && !(await machine.stat([tool], signal)).has(tool))
    return undefined;
  const [sections, found, listening] = await Promise.all([
    sectionsOn(place),
    accountsOn(place, accounts),
    listeningOn(place),
  ]);
  return {
    text: text?.toString("utf8") ?? "",
    isConfigured,
    sections,
    accounts: found,
    listening,
  };
}

export async function sectionsOn({
  machine,
  signal,
}: Place): Promise<Section[]> {
  const words: Words = ["net", "conf", "list"];
  const { stdout } = await machine.run(words, { signal, looks: true });
  return parseSections(stdout);
}

/** Of NetBIOS: names and datagrams, which nmbd serves on every address whatever is bound. */
const namePorts = ["137", "138"];

/** smbd's addresses, then sockets that nothing of ours has: "udp 0.0.0.0:137". */
export async function listeningOn({
  machine,
  signal,
}: Place): Promise<string[]> {
  const { stdout } = await machine.run(
    ["ss", "--no-header", "--listening", "--tcp", "--udp", "--numeric"],
    { signal, looks: true },
  );
  const found = stdout.split("\n").flatMap((line) => {
    const [kind = "", , , , local = ""] = line.trim().split(/\s+/);
    const at = local.lastIndexOf(":");
    const [address, port] = [local.slice(0, at), local.slice(at + 1)];
    if (kind === "udp" && namePorts.includes(port)) return `udp ${local}`;
    if (kind !== "tcp" || address === "127.0.0.1") return [];
    if (port === "139") return `tcp ${local}`;
    return port === "445" ? address.replace(/^\[(.*)\]$/, "$1") : [];
  });
  return [...new Set(found)];
}

export const smbd = "smbd.service";
export const nmbd = "nmbd.service";

export const isOfNames = (socket: string) => socket.startsWith("udp ");

/** What testparm finds fault with. */
export async function complaints(
  { machine, signal }: Place,
  file: string,
): Promise<{ code: number; said: string[] }> {
  const { code, stderr } = await machine.run(["testparm", "-s", file], {
    signal,
    codes: [0, 1],
    looks: true,
  });
  return { code, said: complaintsOf(stderr) };
}

/** Why a directory must not be shared: Samba would do it all the same. */
export async function refuseUnready(
  { machine, zfs, signal }: Place,
  shares: readonly Share[],
): Promise<void> {
  const host = machine.name;
  for (const { name, path, dataset, mountpoint = path } of shares) {
    const found = await zfs
      .datasetProperties(dataset, ["mountpoint", "mounted"])
      .catch((error: unknown) => {
        if (error instanceof HostError && error.kind === "exit") return;
        throw error;
      });
    const at = found?.get("mountpoint")?.value ?? "nowhere";
    const isMounted = found?.get("mounted")?.value === "yes";
    if (at !== mountpoint || !isMounted) {
      const state =
        found === undefined
          ? "is not there"
          : `has mountpoint ${at} and is ${isMounted ? "" : "not "}mounted`;
      throw new UserError(
        `share "${name}" on host "${host}" is of dataset ${dataset}, which ${state}. Import its pool and mount it ("zfs mount ${dataset}")`,
      );
    }
    const facts = (await machine.stat([path], signal)).get(path);
    if (facts?.kind !== "directory") {
      throw new UserError(
        `${path} of share "${name}" on host "${host}" ${facts ? `is a ${facts.kind}` : "does not exist"}. Make the directory, or correct the path`,
      );
    }
  }
}

/** Changes what the host has. */
export async function act(
  { machine, signal, operation }: Place,
  words: Words,
  codes: readonly number[] = [0],
): Promise<void> {
  await operation.beforeWrite();
  await machine.run(words, { signal, codes });
}

export async function write(
  { machine, signal, operation }: Place,
  path: string,
  content: string,
  mode: string,
): Promise<void> {
  await operation.beforeWrite();
  const rights = { owner: "root", group: "root", mode };
  await machine.write(path, { content, ...rights }, signal);
}

/** Of a directory that is there; not of what is in it. */
export const setRights = (
  path: string,
  { owner, group, mode }: { owner: string; group: string; mode: string },
): Words => [
  "install",
  "--directory",
  `--owner=${owner}`,
  `--group=${group}`,
  `--mode=${mode}`,
  "--",
  path,
];
