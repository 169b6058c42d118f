import type { dynamic } from "@pulumi/pulumi";
import type { Tool } from "../../lab/host";
import {
  bootDisks,
  type DiskSpec,
  tools as diskTools,
  installDisks,
  multipathTools,
} from "../../lab/host/disks";
import { tools as nfsTools } from "../../lab/host/nfs";
import { bootZfs, tools as zfsTools } from "../../lab/host/zfs";
import type { EngineWatch } from "../../providers/dynamic/engine";
import { testHost } from "./host";
import { type ResourceHost, resourceHost, runTool } from "./resource-host";
import { fourDisks } from "./zfs-machine";

const tools: Record<string, Tool> = {
  ...diskTools,
  ...multipathTools,
  ...zfsTools,
  ...nfsTools,
};

export interface StorageHost extends ResourceHost {
  /** A tool's standard output, past the wire, which costs a process each time. */
  run(line: string): Promise<string>;
}

/** A machine with disks, ZFS and NFS, and one kind of resource on it. */
export async function storageHost(
  provide: (engine: EngineWatch) => dynamic.ResourceProvider,
  disks: readonly DiskSpec[] = fourDisks,
): Promise<StorageHost> {
  const host = await testHost({
    login: "ops",
    spec: {
      tools,
      boot(world) {
        installDisks(world, { disks });
        bootDisks(world);
        bootZfs(world);
      },
    },
  });
  return {
    ...resourceHost(host, provide),
    run: (line) => runTool(tools, host.world, line),
  };
}
