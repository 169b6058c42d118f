import { adoptedSuffix } from "../providers/dynamic/owner";
import { HostError, type Machine } from "../providers/host/client";
import { parseConfiguration } from "../providers/storage/iscsi-target/saved";
import { configurationFile } from "../providers/storage/smb-shares/configuration";
import {
  markOf,
  parseSections,
} from "../providers/storage/smb-shares/registry";

export interface MachineMark {
  /** 'dataset "tank/vm"' */
  what: string;
  owner: string;
}

/** What carries the site's mark on a machine: pools, datasets, exports, targets, shares, their users, and files. */
export async function markedOn(
  siteId: string,
  machine: Machine,
  signal: AbortSignal,
): Promise<MachineMark[]> {
  const all = [
    ...(await datasets(machine, signal)),
    ...(await marked(machine, "/etc/exports.d", "exports", signal)),
    ...(await marked(machine, "/etc/multipath/conf.d", "settings", signal)),
    ...(await targets(machine, signal)),
    ...(await fileSets(machine, signal)),
    ...(await shares(machine, signal)),
    ...(await users(machine, signal)),
  ];
  return all.filter(({ owner }) => owner.startsWith(`${siteId}/`));
}

/** A pool's mark is on its root dataset. */
async function datasets(
  machine: Machine,
  signal: AbortSignal,
): Promise<MachineMark[]> {
  const words = ["get", "-H", "-p", "-o", "name,value", "-s", "local"] as const;
  try {
    const { stdout } = await machine.run(
      ["zfs", ...words, "-t", "filesystem,volume", "hybrid-site:owner"],
      { signal, looks: true },
    );
    return stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const [name = "", owner = ""] = line.split("\t");
        const kind = name.includes("/") ? "dataset" : "pool";
        return { what: `${kind} "${name}"`, owner: withoutSuffix(owner) };
      });
  } catch (error) {
    // Any other failure would make "no orphans" of what was not looked at.
    if (error instanceof HostError && isWithoutZfs(error)) return [];
    throw error;
  }
}

/** No such tool, by the shell or by sudo, or none of its module. */
function isWithoutZfs({ code, stderr }: HostError): boolean {
  return (
    code === 127 ||
    (code === 1 &&
      /modules cannot be auto-loaded|modules are not loaded|zfs: command not found/.test(
        stderr,
      ))
  );
}

async function marked(
  machine: Machine,
  folder: string,
  kind: string,
  signal: AbortSignal,
): Promise<MachineMark[]> {
  const names = (await machine.list(folder, signal)) ?? [];
  const texts = await Promise.all(
    names.map((name) => machine.read(`${folder}/${name}`, signal)),
  );
  return texts.flatMap((text, index) => {
    const [, owner] = /^# hybrid-site owner=(\S+)$/m.exec(`${text}`) ?? [];
    const what = `${kind} "${folder}/${names[index]}"`;
    return owner === undefined ? [] : [{ what, owner: withoutSuffix(owner) }];
  });
}

/** As saved, where secrets stand beside: only whose they are leaves this function. */
async function targets(
  machine: Machine,
  signal: AbortSignal,
): Promise<MachineMark[]> {
  const file = "/etc/rtslib-fb-target/saveconfig.json";
  const text = await machine.read(file, signal);
  if (text === undefined) return [];
  return parseConfiguration(text.toString("utf8")).targets.map(
    ({ iqn, alias }) => ({
      what: `target "${iqn}"`,
      owner: withoutSuffix(alias),
    }),
  );
}

async function fileSets(
  machine: Machine,
  signal: AbortSignal,
): Promise<MachineMark[]> {
  const folder = "/var/lib/hybrid-site";
  const names = (await machine.list(folder, signal)) ?? [];
  const texts = await Promise.all(
    names.map((name) =>
      machine.read(`${folder}/${name}/manifest.json`, signal),
    ),
  );
  return texts.flatMap((text, index) => {
    if (text === undefined) return [];
    const { owner } = JSON.parse(text.toString("utf8")) as { owner?: string };
    const what = `files "${names[index]}"`;
    return owner === undefined ? [] : [{ what, owner }];
  });
}

/** Of Samba's registry, where there is Samba. */
async function shares(
  machine: Machine,
  signal: AbortSignal,
): Promise<MachineMark[]> {
  if ((await machine.read(configurationFile, signal)) === undefined) return [];
  const words = ["net", "conf", "list"] as const;
  const { stdout } = await machine.run(words, { signal, looks: true });
  return parseSections(stdout).flatMap((section) => {
    const { owner } = markOf(section);
    return owner === undefined
      ? []
      : [{ what: `share "${section.name}"`, owner }];
  });
}

/** They stay when their account goes: files are theirs by number. */
async function users(
  machine: Machine,
  signal: AbortSignal,
): Promise<MachineMark[]> {
  const text = await machine.read("/etc/passwd", signal);
  return `${text ?? ""}`.split("\n").flatMap((line) => {
    const [name = "", , , , comment = ""] = line.split(":");
    const [, owner] = /^hybrid-site owner=(\S+)$/.exec(comment) ?? [];
    return owner === undefined ? [] : [{ what: `user "${name}"`, owner }];
  });
}

function withoutSuffix(owner: string): string {
  return owner.endsWith(adoptedSuffix)
    ? owner.slice(0, -adoptedSuffix.length)
    : owner;
}
