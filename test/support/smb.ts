import { mkdirSync, readFileSync, rmSync } from "node:fs";
import type { Tool } from "../../lab/host";
import {
  bootUnits,
  installUnits,
  systemctl,
} from "../../lab/host/coreutils/systemd";
import {
  access,
  closedShares,
  hasNames,
  installSamba,
  tools as samba,
  setAddresses,
  startNames,
  startServer,
  stopNames,
  stopServer,
} from "../../lab/host/samba";
import { provider as smbShares } from "../../providers/storage/smb-shares/lifecycle";
import { testHost } from "./host";
import { type ResourceHost, resourceHost, runTool } from "./resource-host";

type Values = Record<string, unknown>;

export const passwords = {
  office: "first-password-of-office",
  scanner: "first-password-of-scanner",
};

export const docs = (changes: Values = {}): Values => ({
  name: "docs",
  path: "/tank/docs",
  dataset: "tank/docs",
  clients: ["10.0.30.0/24", "10.0.20.9"],
  writers: ["office"],
  readers: ["scanner"],
  ...changes,
});

export const smbInputs = (changes: Values = {}): Values => ({
  owner: "site/SmbShares/storage",
  host: "storage",
  name: "storage",
  interfaces: ["10.0.20.10"],
  accounts: ["office", "scanner"],
  passwords,
  shares: [docs()],
  ...changes,
});

type Client = Parameters<typeof access>[2];

export interface SmbHost extends ResourceHost {
  /** As root at the machine, past the wire; standard output. */
  run(line: string, stdin?: string): Promise<string>;
  /** `net conf list`. */
  registry(): Promise<string>;
  /** smb.conf */
  conf(): string;
  /** All that the resource makes, without times and passwords. */
  state(): Promise<unknown[]>;
  /** What a client gets of a share. */
  gets(share: string, client: Partial<Client>): "rw" | "ro" | undefined;
  /** Sockets of Samba, those of port 445 by their address only. */
  listening(): Promise<string[]>;
  /** Shares whose clients were sent away since the last call. */
  sentAway(): string[];
  /** As before the first share. */
  clean(): void;
}

const units = {
  "nmbd.service": { condition: hasNames, start: startNames, stop: stopNames },
  "smbd.service": { start: startServer, stop: stopServer },
};

/** A machine with a WAN's address, too, and the datasets "tank/docs" and "tank/media". */
export async function smbHost(): Promise<SmbHost> {
  const { tools: zfs, mounted } = datasets();
  const tools: Record<string, Tool> = {
    ...samba,
    ...zfs,
    systemctl: systemctl(units),
  };
  const host = await testHost({ spec: { tools } });
  const { world } = host;
  const resource = resourceHost(host, smbShares);
  const run = (line: string, stdin?: string) =>
    runTool(tools, world, line, stdin);
  const conf = () => readFileSync(world.path("/etc/samba/smb.conf"), "utf8");
  const registry = () => run("net conf list");
  const listening = async () =>
    (await run("ss --no-header --listening --tcp --udp --numeric"))
      .split("\n")
      .flatMap((line) => {
        const [, local = ""] = / (\S+:(?:445|13[789])) /.exec(line) ?? [];
        return local.replace(/:445$/, "") || [];
      });
  return {
    ...resource,
    run,
    registry,
    conf,
    listening,
    state: async () => [
      conf(),
      await registry(),
      (await run("pdbedit --list")).split("\n").sort(),
      (await run("getent passwd"))
        .split("\n")
        .filter((line) => line.includes("site/")),
      await listening(),
    ],
    gets: (share, client) =>
      access(world, share, { address: "10.0.30.5", ...client }, (path) =>
        mounted.has(path.slice(1)),
      ),
    sentAway: () => closedShares(world),
    clean() {
      host.lab.faults.clear();
      for (const path of ["/etc/samba", "/etc/passwd"])
        rmSync(world.path(path), { recursive: true, force: true });
      for (const part of ["samba-registry", "passdb", "smbd", "nmbd", "units"])
        rmSync(`${world.directory}/parts/${part}.json`, { force: true });
      for (const name of ["tank/docs", "tank/media"]) {
        mounted.add(name);
        mkdirSync(world.path(`/${name}`), { recursive: true });
      }
      world.save("rights", {});
      installSamba(world);
      setAddresses(world, ["10.0.20.10", "10.0.10.10", "203.0.113.7"]);
      installUnits(world, ["nmbd.service", "smbd.service"]);
      bootUnits(world, units);
      resource.told();
    },
  };
}

/** As much of ZFS as a share asks for. */
function datasets(): { tools: Record<string, Tool>; mounted: Set<string> } {
  const mounted = new Set<string>();
  const known = ["tank/docs", "tank/media"];
  const zfs: Tool = ({ words, stdout, stderr }) => {
    const dataset = words.at(-1) ?? "";
    // All that carry a mark: none.
    if (dataset === "hybrid-site:owner") return 0;
    if (!known.includes(dataset)) {
      stderr.write(`cannot open '${dataset}': dataset does not exist\n`);
      return 1;
    }
    if (words[0] === "unmount") mounted.delete(dataset);
    else if (words[0] === "mount") mounted.add(dataset);
    else {
      const state = mounted.has(dataset) ? "yes" : "no";
      stdout.write(
        `${dataset}\tmountpoint\t/${dataset}\tdefault\n${dataset}\tmounted\t${state}\t-\n`,
      );
    }
    return 0;
  };
  return { tools: { zfs, zpool: () => 2 }, mounted };
}
