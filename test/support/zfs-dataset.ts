import { provider } from "../../providers/storage/zfs-dataset/lifecycle";
import { type StorageHost, storageHost } from "./storage-host";
import { id as disk } from "./zfs-machine";

type Values = Record<string, unknown>;

export const mebibyte = 2 ** 20;

export interface DatasetHost extends StorageHost {
  /** Of the file system "tank/vm". */
  inputs(changes?: Values): Values;
  /** Of the same as a volume of 64 MiB. */
  volume(changes?: Values): Values;
  /** "PROPERTY VALUE SOURCE", by tabs, of each. */
  get(properties: string, dataset?: string): Promise<string[]>;
  /** Without datasets and faults again. */
  clean(): Promise<void>;
}

/** A machine with the empty pool "tank". */
export async function datasetHost(): Promise<DatasetHost> {
  const host = await storageHost(provider);
  for (const path of ["/usr/local/sbin/x", "/etc/systemd/system/x"])
    host.world.put(path, "");
  await host.run(`zpool create tank mirror ${disk(1)} ${disk(2)}`);
  const poolGuid = (await host.run("zpool get -Hp -o value guid tank")).trim();
  const inputs = (changes: Values = {}): Values => ({
    owner: "site/ZfsDataset/vm",
    host: "storage",
    name: "vm",
    dataset: "tank/vm",
    poolGuid,
    type: "filesystem",
    properties: { compression: "lz4", recordsize: "64K", atime: "off" },
    ...changes,
  });
  return {
    ...host,
    inputs,
    volume: (changes = {}) =>
      inputs({
        type: "volume",
        volsize: 64 * mebibyte,
        properties: { volblocksize: "16K", refreservation: "none" },
        ...changes,
      }),
    async get(properties, dataset = "tank/vm") {
      const columns = "property,value,source";
      const out = await host.run(
        `zfs get -Hp -o ${columns} ${properties} ${dataset}`,
      );
      return out.trim().split("\n");
    },
    async clean() {
      host.lab.faults.clear();
      const names = await host.run("zfs list -H -o name -d 1 -r tank");
      for (const name of names.split("\n").filter((item) => item.includes("/")))
        await host.run(`zfs destroy -r ${name}`);
      host.told();
    },
  };
}
