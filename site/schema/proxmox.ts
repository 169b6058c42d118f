import { z } from "zod";
import { name } from "./site";
import { duration, size } from "./units";

const bridge = z.strictObject({
  name: z.string().regex(/^vmbr\d+$/, "must be vmbr0 to vmbr4094"),
  vlanAware: z.boolean().describe("Carries tagged VLANs."),
  ports: z.array(z.string()).describe("NICs that the bridge takes in."),
  networks: z.array(z.string()).describe("Networks that it carries."),
  bonds: z
    .record(
      z.string().regex(/^bond\d+$/, "must be bond0, bond1 ..."),
      z.strictObject({
        slaves: z.array(z.string()).min(1).describe("NICs that it is made of."),
        mode: z
          .enum(["active-backup", "802.3ad", "balance-xor"])
          .describe("802.3ad and balance-xor need the other end to agree."),
      }),
    )
    .optional()
    .describe("Links that count as one: ports of the bridge by their name."),
});

const storage = z.strictObject({
  name: z.string().regex(/^[a-z][\w.-]*$/i, "must be a PVE storage id"),
  type: z.enum(["dir", "zfspool", "lvmthin", "nfs"]).describe("PVE's type."),
  content: z
    .array(z.enum(["images", "rootdir", "iso", "vztmpl", "import", "snippets"]))
    .describe("What PVE may keep there."),
  medium: z
    .enum(["mirror", "single", "shelf", "nfs"])
    .describe("What the storage lies on; a mirror is local."),
  size: size.describe("Capacity, e.g. 800GiB."),
});

const proxmoxHost = z.strictObject({
  host: z.string().describe("Name of a machine of hardware.hosts."),
  node: z.string().optional().describe("PVE node name, if not the host's."),
  cluster: name.optional().describe("PVE cluster; left out: stand-alone."),
  startDelay: duration
    .refine((time) => time % 1_000 === 0 && time <= 300_000, {
      error: "PVE takes whole seconds, and at most five minutes",
    })
    .optional()
    .describe("After the host's boot, until its first guest starts."),
  bridges: z.array(bridge).min(1),
  storages: z.array(storage).min(1),
});

const image = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
      "must be lower-case letters, digits, dots and hyphens",
    ),
  file: z
    .string()
    .regex(/^[\w.+-]+\.(qcow2|raw|vmdk)$/, "must end in .qcow2, .raw or .vmdk")
    .describe("Name on the storage, in PVE's import folder."),
  storage: z.string().describe('Storage with content type "import".'),
  url: z.url().optional().describe("Left out: the operator places the file."),
  checksum: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 hex digits')
    .optional(),
});

export const proxmox = z.strictObject({
  vmIds: z
    .strictObject({ from: z.int().min(100), to: z.int().max(999_999_999) })
    .describe("Reserved for guests that give no vmId."),
  hosts: z.array(proxmoxHost).min(1),
  images: z.array(image).describe("Disk images that guests are made from."),
});
