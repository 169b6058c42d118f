import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";
import type { Marked } from "../../dynamic/mark";
import { clientProblem } from "./clients";
import { fsidOf } from "./options";

const path = /^(\/[A-Za-z0-9_.:-]+)+$/;
const fsid = /^([1-9]\d{0,8}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const entry = z.strictObject({
  path: z.string(),
  /** What has to be mounted there ("pool/path"), or nothing is exported. */
  dataset: z.string(),
  /** Addresses and networks. */
  clients: z.array(z.string()),
  access: z.enum(["rw", "ro"]),
  /** Left out: true. False answers before the data is on disk. */
  sync: z.boolean().optional(),
  /** Whom the server takes for nobody: "root" if left out. */
  squash: z.enum(["root", "none", "all"]).optional(),
  /** Left out: sys. */
  sec: z.array(z.enum(["sys", "krb5", "krb5i", "krb5p"])).optional(),
  /** What clients know the file system by; left out: made of the path. */
  fsid: z.string().optional(),
  /** Where the dataset is mounted; left out: on the path itself. */
  mountpoint: z.string().optional(),
  /** Left out: false. */
  subtreeCheck: z.boolean().optional(),
  anonUid: z.int().min(0).optional(),
  anonGid: z.int().min(0).optional(),
});

export type Entry = z.output<typeof entry>;

/** What a host may have, too: there the rules below can be broken. */
const shape = z.strictObject({
  /** "<site id>/<kind>/<name>", by formatOwner. */
  owner: z.string(),
  /** Key of the endpoint and credential in hybrid-site:endpoints and :credentials. */
  host: z.string(),
  /** Of the file: /etc/exports.d/hybrid-site-NAME.exports. */
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9_-]*$/i,
      "must be letters, digits, hyphens and underscores",
    ),
  entries: z.array(entry),
  /** Takes over a file of the name that is there; deletion lets it go. */
  adopt: z.boolean().optional(),
  /** In seconds; left out: 60. */
  timeouts,
});

export type NfsExportsInputs = z.output<typeof shape>;

export function parse(inputs: unknown): NfsExportsInputs {
  return shape.parse(inputs);
}

export interface NfsExportsOutputs extends Marked {
  adopted: boolean;
}

export const schema = shape.superRefine(({ entries }, context) => {
  const problem = (at: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path: ["entries", ...at], message });
  if (entries.length === 0) problem([], "must not be empty");
  const pairs = new Set<string>();
  const fsids = new Map<string, string>();
  for (const [index, item] of entries.entries()) {
    const { clients, mountpoint } = item;
    for (const key of ["path", "mountpoint"] as const) {
      if (item[key] === undefined || path.test(item[key])) continue;
      const rule = "must be an absolute path of letters, digits and _ . : -";
      problem([index, key], rule);
    }
    if (item.fsid !== undefined && !fsid.test(item.fsid)) {
      problem(
        [index, "fsid"],
        "must be a number above 0 or a UUID in lower case",
      );
    }
    if (clients.length === 0) problem([index, "clients"], "must not be empty");
    for (const [at, client] of clients.entries()) {
      const wrong = clientProblem(client);
      if (wrong) problem([index, "clients", at], wrong);
      const pair = `${client}:${item.path}`;
      if (pairs.has(pair)) {
        problem(
          [index, "clients", at],
          `${client} has ${item.path} already: the server would ignore one of them`,
        );
      }
      pairs.add(pair);
    }
    if (item.sec?.length === 0) problem([index, "sec"], "must not be empty");
    if (mountpoint && !`${item.path}/`.startsWith(`${mountpoint}/`))
      problem([index, "mountpoint"], `must be ${item.path} or lie above it`);
    const own = fsidOf(item);
    const other = fsids.get(own) ?? item.path;
    if (other !== item.path)
      problem([index, "fsid"], `is that of ${other}, too`);
    const isOne = [...fsids].every(
      ([key, value]) => value !== item.path || key === own,
    );
    if (!isOne) problem([index, "fsid"], `${item.path} has another one above`);
    fsids.set(own, item.path);
  }
});
