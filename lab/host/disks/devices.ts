import { posix } from "node:path";
import type { HostWorld } from "../world";
import {
  type Device,
  type Devices,
  KernelError,
  type PartitionEntry,
} from "./device";
import type { Image } from "./image";
import { linksOf } from "./links";
import { partitionTable } from "./partitions/table";
import { type DiskSpec, wwidOf } from "./spec";
import {
  change,
  type DealtPath,
  diskNumber,
  imageOf,
  load,
  loadFaults,
  type Mount,
  mapMajor,
} from "./state";

/** A disk's path, a map or a partition, with what only this folder asks of it. */
export interface KnownDevice extends Device {
  readonly spec: DiskSpec;
  readonly paths: readonly DealtPath[];
  /** The map's WWID. */
  readonly wwid?: string;
}

const tableBytes = 34 * 512;

export class BlockDevices implements Devices {
  #devices: KnownDevice[] = [];
  #links = new Map<string, readonly string[]>();
  #mounts: readonly Mount[] = [];

  constructor(
    readonly world: HostWorld,
    /** A partition table may have been written: udev's turn. */
    readonly onTableWrite: () => void,
  ) {
    this.#build();
  }

  #build(): void {
    const { world } = this;
    const state = load(world);
    this.#devices = [];
    this.#mounts = state.mounts;
    const images = new Map<string, Image>();
    const imageFor = (spec: DiskSpec): Image => {
      const image = images.get(spec.serial) ?? imageOf(world, spec);
      images.set(spec.serial, image);
      return image;
    };
    const parts = new Map<string, readonly PartitionEntry[]>();
    const partsOf = (spec: DiskSpec): readonly PartitionEntry[] => {
      const known =
        parts.get(spec.serial) ??
        (partitionTable(imageFor(spec))?.entries ?? []).filter(
          (entry) => entry.startBytes + entry.sizeBytes <= spec.sizeBytes,
        );
      parts.set(spec.serial, known);
      return known;
    };
    const maps = state.maps.map((map) => ({
      ...map,
      name: `dm-${map.minor}`,
      paths: state.paths.filter((path) => {
        const spec = state.disks[path.disk];
        return spec !== undefined && wwidOf(spec.wwn) === map.wwid;
      }),
    }));
    const add = (
      spec: DiskSpec,
      own: Pick<
        KnownDevice,
        "name" | "kind" | "number" | "paths" | "slaves"
      > & {
        wwid?: string;
      },
      maps: readonly string[],
      hasPartitions: boolean,
    ): void => {
      const entries = hasPartitions ? partsOf(spec) : [];
      const { wwn, serial, sizeBytes } = spec;
      const image = imageFor(spec);
      const names = entries.map((entry) => partitionName(own, entry.number));
      const common = { wwn, serial, spec, paths: own.paths };
      this.#devices.push({
        ...own,
        ...common,
        sizeBytes,
        holders: [...names, ...maps],
        ...this.#bytes(image, own.paths, 0, sizeBytes),
      });
      for (const [index, partition] of entries.entries()) {
        this.#devices.push({
          ...common,
          name: names[index] ?? "",
          kind: "part",
          number: partitionNumber(own, partition.number),
          sizeBytes: partition.sizeBytes,
          holders: [],
          slaves: [own.name],
          partition,
          ...this.#bytes(
            image,
            own.paths,
            partition.startBytes,
            partition.sizeBytes,
          ),
        });
      }
    };
    for (const path of [...state.paths].sort(byName)) {
      const spec = state.disks[path.disk];
      if (spec === undefined) continue;
      const above = maps.filter((map) => map.paths.includes(path));
      add(
        spec,
        {
          name: path.name,
          kind: "disk",
          number: diskNumber(path.name),
          paths: [path],
          slaves: [],
        },
        above.map(({ name }) => name),
        // 68-del-part-nodes.rules: a path's partitions are the map's.
        above.length === 0,
      );
    }
    for (const map of maps) {
      const spec = state.disks[map.paths[0]?.disk ?? -1];
      if (spec === undefined) continue;
      add(
        spec,
        {
          name: map.name,
          kind: "mpath",
          number: [mapMajor, map.minor],
          paths: map.paths,
          slaves: map.paths.map(({ name }) => name),
          wwid: map.wwid,
        },
        [],
        true,
      );
    }
    const deal = `${world.name}:${state.boots}`;
    this.#links = new Map(
      this.#devices.map((device) => [
        device.name,
        linksOf(deal, device, this.#devices),
      ]),
    );
  }

  all(): readonly KnownDevice[] {
    return this.#devices;
  }

  find(path: string): KnownDevice | undefined {
    const wanted = posix.normalize(posix.join("/", path));
    return this.#devices.find(
      (device) =>
        `/dev/${device.name}` === wanted || this.links(device).includes(wanted),
    );
  }

  links(device: Device): readonly string[] {
    return this.#links.get(device.name) ?? [];
  }

  /** As udev calls it: maps by their names. */
  pathOf(device: KnownDevice): string {
    const map = this.links(device).find((link) =>
      link.startsWith("/dev/mapper/"),
    );
    return map ?? `/dev/${device.name}`;
  }

  heldBy(device: Device): string | undefined {
    const { claims } = load(this.world);
    const own = (name: string): string | undefined => {
      const known = this.#devices.find((other) => other.name === name);
      const target = known && this.mountOf(known);
      return target === undefined ? claims[name] : `mounted on ${target}`;
    };
    const map = device.holders.find((name) => name.startsWith("dm-"));
    if (device.kind === "disk" && map !== undefined) return `a path of ${map}`;
    if (device.kind === "mpath" && map !== undefined)
      return `under its partition ${map}`;
    if (device.kind === "part")
      return [device.name, ...device.slaves]
        .map(own)
        .find((holder) => holder !== undefined);
    return [device.name, ...device.holders]
      .map(own)
      .find((holder) => holder !== undefined);
  }

  claim(device: Device, holder: string | undefined): void {
    change(this.world, (state) => {
      if (holder === undefined) delete state.claims[device.name];
      else state.claims[device.name] = holder;
    });
  }

  mountOf(device: KnownDevice): string | undefined {
    return this.#mounts.find(
      (mount) =>
        mount.serial === device.serial &&
        mount.partition === device.partition?.number,
    )?.target;
  }

  #bytes(
    image: Image,
    paths: readonly DealtPath[],
    start: number,
    sizeBytes: number,
  ): Pick<Device, "read" | "write"> {
    const check = (offset: number): void => {
      if (!paths.some((path) => alive(this.world, path)))
        throw new KernelError("EIO");
      if (offset < 0) throw new KernelError("ENXIO");
    };
    return {
      read: (offset, length) => {
        check(offset);
        const within = Math.max(0, Math.min(length, sizeBytes - offset));
        return image.read(start + offset, within);
      },
      write: (offset, data) => {
        check(offset);
        if (offset + data.length > sizeBytes) throw new KernelError("ENOSPC");
        image.write(start + offset, data);
        const at = start + offset;
        const end = image.sizeBytes - tableBytes;
        if (at >= tableBytes && at + data.length <= end) return;
        this.#build();
        this.onTableWrite();
      },
    };
  }
}

type Whole = Pick<KnownDevice, "name" | "kind" | "number">;

/** kpartx makes a map's partitions: maps of their own. */
function partitionName(whole: Whole, partition: number): string {
  return whole.kind === "mpath"
    ? `dm-${partitionNumber(whole, partition)[1]}`
    : `${whole.name}${partition}`;
}

function partitionNumber(whole: Whole, partition: number): [number, number] {
  const [major, minor] = whole.number;
  return whole.kind === "mpath"
    ? [major, 1024 + minor * 128 + partition]
    : [major, minor + partition];
}

/** In, and with its cable in. */
export function alive(world: HostWorld, { path, serial }: DealtPath): boolean {
  const { pulled, offline } = loadFaults(world);
  return (
    !pulled.includes(serial) &&
    !offline.some((lost) => lost.serial === serial && lost.path === path)
  );
}

function byName(a: DealtPath, b: DealtPath): number {
  return a.name.length - b.name.length || (a.name < b.name ? -1 : 1);
}
