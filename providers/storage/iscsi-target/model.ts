import { z } from "zod";
import { listenProblem } from "../addresses";

const iqn = /^iqn\.\d{4}-(0[1-9]|1[0-2])\.[a-z0-9.-]+(:[a-z0-9.:-]+)?$/;
const qualified = z
  .string()
  .max(223)
  .regex(iqn, 'must be a name like "iqn.2026-01.net.example:disks"');
const component = "[A-Za-z0-9][A-Za-z0-9_.:-]*";

const portal = z.strictObject({
  /** One of the host's own: it is served nowhere else. */
  address: z.string(),
  /** Left out: 3260. */
  port: z.int().min(1).max(65_535).optional(),
});

const lun = z.strictObject({
  /** Its number, for every initiator. */
  lun: z.int().min(0).max(255),
  /** "pool/path" of a volume. */
  volume: z
    .string()
    .max(200)
    .regex(
      new RegExp(`^${component}(/${component})+$`),
      'must be "POOL/PATH", of letters, digits and _ . : -',
    ),
  /** What initiators know the disk by; left out: made of the target and the volume. */
  serial: z
    .string()
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "must be a UUID")
    .optional(),
});

const initiator = z.strictObject({
  iqn: qualified,
  /** Numbers of `luns`; left out: all of them. */
  luns: z.array(z.int()).optional(),
  /** Left out: rw. */
  access: z.enum(["rw", "ro"]).optional(),
});

const account = { username: z.string(), password: z.string() };

const credential = z.strictObject({
  ...account,
  /** By what the target proves itself to the initiator. */
  mutual: z.strictObject(account).optional(),
});

export type Portal = z.output<typeof portal>;
export type Lun = z.output<typeof lun>;
export type Initiator = z.output<typeof initiator>;
export type Credential = z.output<typeof credential>;

/** What a host may have, too: there the rules below can be broken. */
const shape = z.strictObject({
  /** "<site id>/<kind>/<name>", by formatOwner. */
  owner: z.string(),
  /** Key of the endpoint and credential in hybrid-site:endpoints and :credentials. */
  host: z.string(),
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9_.-]*$/i,
      "must be letters, digits, dots, hyphens and underscores",
    ),
  iqn: z.string(),
  portals: z.array(portal),
  luns: z.array(lun),
  /** Who may log in. */
  initiators: z.array(initiator),
  /** CHAP of each initiator, by its name. */
  credentials: z.record(z.string(), credential),
  /** Takes LUNs and initiators away though somebody is logged in. */
  dropSessions: z.boolean().optional(),
  /** Takes over a target that is there; deletion lets it go. */
  adopt: z.boolean().optional(),
  /** In seconds; left out: 120. */
  timeouts: z
    .strictObject({
      create: z.int().min(1).optional(),
      read: z.int().min(1).optional(),
      update: z.int().min(1).optional(),
      delete: z.int().min(1).optional(),
    })
    .optional(),
});

export type IscsiTargetInputs = z.output<typeof shape>;

export function parse(inputs: unknown): IscsiTargetInputs {
  return shape.parse(inputs);
}

export interface IscsiTargetOutputs {
  adopted: boolean;
  /**
   * Whose mark the target was given. Drift that no input can say is read as
   * an empty `owner`, and deletion has to know its own all the same.
   */
  mark: string;
}

const userName = /^[A-Za-z0-9][A-Za-z0-9.:_-]{0,62}$/;
const shortest = 12;
const longest = 255;

export const schema = shape.superRefine((inputs, context) => {
  const problem = (path: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  const { portals, luns, initiators, credentials } = inputs;
  if (!iqn.test(inputs.iqn) || inputs.iqn.length > 223)
    problem(["iqn"], 'must be a name like "iqn.2026-01.net.example:disks"');
  for (const key of ["portals", "luns", "initiators"] as const)
    if (inputs[key].length === 0) problem([key], "must not be empty");
  for (const [at, { address }] of portals.entries()) {
    const wrong = listenProblem(address);
    if (wrong) problem(["portals", at, "address"], wrong);
  }
  const twice = (
    key: "portals" | "luns" | "initiators",
    field: string,
    values: readonly unknown[],
  ) => {
    for (const [at, value] of values.entries())
      if (values.indexOf(value) !== at)
        problem([key, at, field], `${value} is there twice`);
  };
  twice("portals", "address", portals.map(keyOfPortal));
  twice(
    "luns",
    "lun",
    luns.map((item) => item.lun),
  );
  twice(
    "luns",
    "volume",
    luns.map(({ volume }) => volume),
  );
  twice(
    "initiators",
    "iqn",
    initiators.map((item) => item.iqn),
  );
  for (const [at, { iqn: name, luns: own }] of initiators.entries()) {
    const unknown = own?.find((number) =>
      luns.every((item) => item.lun !== number),
    );
    if (unknown !== undefined)
      problem(["initiators", at, "luns"], `there is no LUN ${unknown}`);
    if (own?.length === 0)
      problem(["initiators", at, "luns"], "must not be empty");
    if (credentials[name] === undefined)
      problem(["credentials"], `${name} has none, and nobody gets in without`);
  }
  for (const [name, value] of Object.entries(credentials)) {
    const at = ["credentials", name];
    if (initiators.every((item) => item.iqn !== name))
      problem(at, "is of no initiator");
    const { mutual } = value;
    check(value, (key, message) => problem([...at, key], message));
    if (mutual === undefined) continue;
    check(mutual, (key, message) => problem([...at, "mutual", key], message));
    if (mutual.password === value.password)
      problem(
        [...at, "mutual", "password"],
        "must be another one: who asks would have the answer (RFC 7143, 9.2.1)",
      );
  }
});

export function keyOfPortal({ address, port = 3260 }: Portal): string {
  return `${address}:${port}`;
}

/** The kernel takes any length, and initiators do not. */
function check(
  { username, password }: Pick<Credential, "username" | "password">,
  problem: (key: string, message: string) => void,
): void {
  // The kernel reads a value that begins with "NULL" as none (Linux,
  // __DEF_NACL_AUTH_STR in iscsi_target_configfs.c).
  if (!userName.test(username) || username.startsWith("NULL"))
    problem("username", "must be letters, digits and . : _ -, and not NULL");
  if (password.length < shortest || password.length > longest)
    problem("password", `must have ${shortest} to ${longest} characters`);
  // Tools cut off space at the ends.
  if (!/^[!-~]+$/.test(password) || password.startsWith("NULL"))
    problem("password", "must be printable, without spaces, and not NULL");
}
