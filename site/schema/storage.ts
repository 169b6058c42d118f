import { z } from "zod";
import { diskPlace, wwn } from "./disks";
import { iscsi } from "./iscsi";
import { schedule } from "./schedule";
import { name } from "./site";
import { block, size } from "./units";

const disks = z.array(diskPlace).min(1).describe("SHELF:BAY or HOST:DISK.");

const vdev = z.strictObject({
  type: z
    .enum(["mirror", "raidz1", "raidz2", "raidz3", "stripe"])
    .describe('"stripe": each disk by itself, without redundancy.'),
  class: z
    .enum(["special", "dedup", "log", "cache"])
    .optional()
    .describe("Left out: data."),
  disks,
});

const poolName = z
  .string()
  .regex(
    /^(?!mirror|raidz|draid|spare|log$)[a-z][a-z0-9_.-]*$/,
    "must be a letter, then letters, digits, _ . and -, and no kind of vdev",
  );

const byGuid = z.strictObject({
  guid: z
    .string()
    .regex(
      /^[1-9]\d{0,19}$/,
      "must be a GUID in quotation marks: zpool get guid, zfs get guid",
    ),
});

const common = {
  compression: z
    .string()
    .optional()
    .describe('One of ZFS\'s, like "lz4" or "zstd-3".'),
  atime: z.boolean().optional().describe("Notes every reading."),
  recordsize: block.optional().describe("Largest record, e.g. 128KiB."),
  xattr: z.enum(["off", "dir", "sa"]).optional(),
  acltype: z.enum(["off", "posix", "nfsv4"]).optional(),
};

const pool = z.strictObject({
  name: poolName,
  host: z.string().describe("Name of a machine of hardware.hosts."),
  ashift: z
    .int()
    .min(9)
    .max(16)
    .describe("Sector size as a power of two, for good; 12 is 4 KiB."),
  vdevs: z.array(vdev).min(1),
  spares: z
    .array(diskPlace)
    .default([])
    .describe("Stand in for a disk that fails, by themselves."),
  properties: z
    .strictObject({
      autoexpand: z.boolean().optional(),
      autotrim: z.boolean().optional().describe("For SSDs."),
      comment: z.string().max(32).optional(),
      failmode: z.enum(["wait", "continue", "panic"]).optional(),
    })
    .optional(),
  dataset: z
    .strictObject(common)
    .optional()
    .describe("What its datasets inherit."),
  replace: z
    .array(
      z.strictObject({
        old: diskPlace
          .or(wwn)
          .describe(
            "Who leaves: its place, or its World Wide Name once the new one sits there.",
          ),
        new: diskPlace,
      }),
    )
    .default([])
    .describe("Disks that others take the place of; may stay when it is done."),
  add: z
    .array(diskPlace)
    .default([])
    .describe(
      "Disks of vdevs that may join the pool, which they cannot leave again.",
    ),
  adopt: byGuid
    .optional()
    .describe(
      "Takes over the pool that has this GUID, with those of its datasets that are declared.",
    ),
  destroy: byGuid
    .optional()
    .describe("Has its removal destroy the pool of this GUID, with all in it."),
  scrub: schedule.describe("When all of it is read, e.g. Sun 02:30."),
  lostWithShelf: z
    .string()
    .min(10)
    .optional()
    .describe("Why it may be lost with one shelf; left out: it may not."),
});

const dataset = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z][a-z0-9_.-]*(\/[a-z0-9][a-z0-9_.-]*)+$/,
      "must be POOL/PATH, like tank/shares",
    )
    .describe("Pool and path, as ZFS says it."),
  volume: size
    .optional()
    .describe("Makes it a block device of that size, which can only grow."),
  quota: size.optional().describe("Room that it may take with its children."),
  reservation: size.optional().describe("Room that nobody else may take."),
  properties: z
    .strictObject({
      ...common,
      logbias: z.enum(["latency", "throughput"]).optional(),
      mountpoint: z
        .string()
        .regex(/^(none|(\/[\w.:-]+)+)$/, "must be a path, or none")
        .optional(),
      primarycache: z.enum(["all", "metadata", "none"]).optional(),
      special_small_blocks: block.optional(),
      sync: z.enum(["standard", "always", "disabled"]).optional(),
      volblocksize: block.optional().describe("Of a volume, for good."),
    })
    .optional()
    .describe("What differs from what it inherits."),
  snapshots: z
    .strictObject({
      schedule: schedule.describe("When, e.g. hourly or *:00/15."),
      keep: z.int().min(1).max(10_000).describe("How many."),
    })
    .optional(),
  remake: byGuid
    .optional()
    .describe(
      "Has an empty one made in the place of the one of this GUID, which was lost.",
    ),
});

const nfsExport = z.strictObject({
  dataset: z.string().describe("Name of a file system of storage.datasets."),
  to: z
    .array(z.string())
    .min(1)
    .describe("Hosts, guests with a static address, or networks."),
  access: z.enum(["rw", "ro"]).default("rw"),
  squash: z
    .enum(["root", "none", "all"])
    .default("root")
    .describe("Whom the server takes for nobody."),
  sync: z
    .boolean()
    .default(true)
    .describe("Answers when the data is on disk, not before."),
});

const account = z
  .string()
  .regex(
    /^[a-z_][a-z0-9_-]{0,31}$/,
    "must be a letter, then letters, digits, - and _ in lower case",
  );

const share = z.strictObject({
  name: z
    .string()
    .regex(
      /^(?!(global|homes|printers|print|ipc)$)[a-z0-9][a-z0-9_-]{0,62}$/i,
      "must be letters, digits, - and _, and none of Samba's own sections",
    )
    .describe("What clients call it: \\\\SERVER\\NAME."),
  dataset: z.string().describe("Name of a file system of storage.datasets."),
  to: z
    .array(z.string())
    .min(1)
    .describe("Hosts, guests with a static address, or networks."),
  readers: z.array(z.string()).default([]).describe("Accounts that may read."),
  writers: z
    .array(z.string())
    .default([])
    .describe("Accounts that may read and write."),
  guests: z
    .strictObject({
      access: z.enum(["ro", "rw"]),
      reason: z.string().min(10).describe("Why they need no name."),
    })
    .optional()
    .describe("What those without an account may do; left out: nothing."),
  comment: z
    .string()
    .regex(
      /^(?! )[ !#-$&-[\]-~]{1,80}(?<! )$/,
      'must be 1 to 80 plain characters without % " and \\',
    )
    .optional(),
});

const mount = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_.-]*[a-z0-9]$/, "must be a PVE storage id")
    .describe("PVE's id of the storage."),
  dataset: z.string().describe("Dataset that is exported to the hosts."),
  hosts: z.array(z.string()).min(1).describe("Of proxmox.hosts."),
  content: z
    .array(
      z.enum([
        "images",
        "rootdir",
        "iso",
        "vztmpl",
        "backup",
        "snippets",
        "import",
      ]),
    )
    .min(1)
    .describe("What PVE may keep there."),
  options: z
    .array(z.string().regex(/^[^\s,]+$/, "must be one option"))
    .optional()
    .describe("Mount options beside hard and version 4.2, e.g. nconnect=4."),
});

const storageClass = z.strictObject({
  name,
  dataset: z.string().describe("Dataset that is exported to the nodes."),
  reclaim: z.enum(["retain", "delete"]).default("retain"),
  isDefault: z.boolean().default(false),
});

const storageSpaces = z.strictObject({
  name,
  hosts: z.array(z.string()).min(1).describe("Servers that it spans."),
  kind: z.enum(["direct", "standalone"]).describe("S2D, or of one server."),
  disks,
});

export const storage = z.strictObject({
  network: z
    .string()
    .describe("Network that storage is served in, and that hosts mount by."),
  arcMax: z
    .record(z.string(), size)
    .default({})
    .describe("Memory that ZFS's cache may take, by host."),
  mailTo: z
    .string()
    // It stands in a file that ZFS's event daemon has a shell read, as root.
    .regex(
      /^[\w.+-]+(@[a-z0-9]([a-z0-9.-]*[a-z0-9])?)?$/i,
      "must be an address like ops@example.net, or a user of the host",
    )
    .optional()
    .describe("Who is told of faults by mail."),
  pools: z.array(pool).default([]).describe("Of ZFS."),
  datasets: z.array(dataset).default([]),
  exports: z.array(nfsExport).default([]).describe("By NFS 4.2."),
  accounts: z
    .array(account)
    .default([])
    .describe(
      "Who logs in at shares; their passwords are the stack's secrets.",
    ),
  shares: z.array(share).default([]).describe("By SMB."),
  mounts: z.array(mount).default([]).describe("On hosts of Proxmox VE."),
  iscsi: iscsi.optional().describe("Volumes that hosts have as disks."),
  storageClasses: z
    .array(storageClass)
    .default([])
    .describe("Of Kubernetes' NFS provisioner."),
  storageSpaces: z
    .array(storageSpaces)
    .default([])
    .describe("Of Windows: judged by the rules, and made by hand."),
});
