import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";

const absolute = z
  .string()
  .regex(/^\/[-/a-zA-Z0-9_.@]+$/, "must be an absolute path");
const server = z.string().regex(/^[\w.:-]+$/, "must be an address or a name");
const lvmName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9\-_.]*[a-z0-9]$/i, "must be a name of LVM");
const preallocation = z.enum(["off", "metadata", "falloc", "full"]).optional();
const fileFormat = z.enum(["raw", "qcow2", "vmdk"]).optional();

const backend = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("dir"),
    path: absolute,
    /** The storage is offline unless something is mounted on the path. */
    isMountpoint: z.boolean().optional(),
    createBasePath: z.boolean().optional(),
    createSubdirs: z.boolean().optional(),
    shared: z.boolean().optional(),
    format: fileFormat,
    preallocation,
  }),
  z.strictObject({
    type: z.literal("nfs"),
    server,
    export: absolute,
    /** Left out: 4.2. Before version 4 PVE asks the server by showmount. */
    version: z.enum(["3", "4", "4.0", "4.1", "4.2"]).optional(),
    /** Mount options beside the version and "hard". */
    options: z.array(z.string().regex(/^[^\s,]+$/)).optional(),
    createSubdirs: z.boolean().optional(),
    format: fileFormat,
    preallocation,
  }),
  z.strictObject({
    type: z.literal("iscsi"),
    portal: server,
    target: z.string(),
  }),
  z.strictObject({
    type: z.literal("lvm"),
    volumeGroup: lvmName,
    shared: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal("lvmthin"),
    volumeGroup: lvmName,
    thinPool: lvmName,
  }),
  z.strictObject({
    type: z.literal("zfspool"),
    /** A pool, or a data set of one. */
    pool: z.string(),
    blockSize: z
      .string()
      .regex(/^[1-9]\d*[km]?$/i, 'must be a size like "16k"')
      .optional(),
    sparse: z.boolean().optional(),
  }),
]);

export type Backend = z.output<typeof backend>;

const content = z.enum([
  "images",
  "rootdir",
  "iso",
  "vztmpl",
  "backup",
  "snippets",
  "import",
  "none",
]);

/** What a host may have, too: there the rules below can be broken. */
const shape = z.strictObject({
  /** "<site id>/<kind>/<name>", by formatOwner; known to the state only, PVE has no place for it. */
  owner: z.string(),
  /** Key of the endpoint and credential in hybrid-site:endpoints and :credentials. */
  host: z.string(),
  /** PVE's storage id. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9\-_.]*[a-z0-9]$/i, "must be a PVE storage id"),
  backend,
  content: z.array(content),
  /** Left out: every node of the cluster. */
  nodes: z.array(z.string()).optional(),
  enabled: z.boolean().optional(),
  /**
   * Takes a definition over that is there with the same backend: it is changed
   * to what is declared, and deletion leaves it.
   */
  adopt: z.boolean().optional(),
  /** In seconds; left out: 120, to read or delete 60. */
  timeouts,
});

export type StorageMountInputs = z.output<typeof shape>;

export function parse(inputs: unknown): StorageMountInputs {
  return shape.parse(inputs);
}

export interface StorageMountOutputs {
  adopted: boolean;
}

/** PVE drops a content type that the type does not have, without an error. */
const contentOf: Record<Backend["type"], readonly string[]> = {
  dir: content.options,
  nfs: content.options.filter((item) => item !== "none"),
  iscsi: ["images", "none"],
  lvm: ["images", "rootdir"],
  lvmthin: ["images", "rootdir"],
  zfspool: ["images", "rootdir"],
};

export const schema = shape.superRefine((inputs, context) => {
  const problem = (path: string[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  const { type } = inputs.backend;
  const allowed = contentOf[type];
  const foreign = inputs.content.filter((item) => !allowed.includes(item));
  if (foreign.length > 0) {
    const list = allowed.join(", ");
    problem(["content"], `storage type ${type} takes ${list} only`);
  }
  if (inputs.content.length === 0) problem(["content"], "must not be empty");
  if (inputs.content.includes("none") && inputs.content.length > 1)
    problem(["content"], "none goes with nothing else");
  if (inputs.nodes?.length === 0) problem(["nodes"], "must not be empty");
  if (inputs.backend.type !== "nfs") return;
  const at = ["backend", "options"];
  for (const option of inputs.backend.options ?? []) {
    if (/^soft(err|reval)?$/.test(option)) {
      problem(
        at,
        `${option} gives guests I/O errors when the server is slow. Leave it out: the mount is hard`,
      );
    }
    if (/^(nfs)?vers=|^v[34](\.\d)?$/.test(option))
      problem(at, `${option}: say it by version`);
    const holdsDisks = inputs.content.some((item) =>
      /^(images|rootdir)$/.test(item),
    );
    if (option === "async" && holdsDisks) {
      problem(
        at,
        "async loses what guests were told is written. Leave it out, or images and rootdir",
      );
    }
  }
});
