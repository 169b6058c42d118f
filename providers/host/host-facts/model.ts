import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";
import type { Facts } from "./facts";

const vendorAndDevice = z
  .string()
  .regex(
    /^[0-9a-f]{4}:[0-9a-f]{4}$/,
    'must be vendor and device as sysfs has them, "1000:0087"',
  );

/** Each has the name by which the manifest calls the thing: findings say it. */
const card = z.strictObject({
  name: z.string(),
  id: vendorAndDevice,
  subsystemId: vendorAndDevice.optional(),
  /** Left out: wherever such a card is. */
  address: z
    .string()
    .regex(
      /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/,
      'must be a PCI address like "0000:01:00.0"',
    )
    .optional(),
  /** Lanes and GT/s that it must run at, or more. */
  link: z
    .strictObject({
      width: z.int().min(1).max(32).optional(),
      speed: z.number().positive().optional(),
    })
    .optional(),
  driver: z.string().optional(),
  /** Of a SAS HBA. */
  firmware: z
    .strictObject({
      version: z.string().optional(),
      mode: z.enum(["IT", "IR"]).optional(),
    })
    .optional(),
  /** Of a SAS HBA: the phys of each of its external ports. */
  ports: z.array(z.array(z.int().min(0)).min(1)).optional(),
});

const memoryModule = z.strictObject({
  /** The socket as the board calls it; left out: any. */
  locator: z.string().optional(),
  sizeBytes: z.int().positive(),
  type: z.string().optional(),
  kind: z.enum(["UDIMM", "RDIMM", "LRDIMM"]).optional(),
  ecc: z.boolean().optional(),
  /** MT/s that it must run at, or more. */
  speed: z.int().positive().optional(),
});

const wwn = z
  .string()
  .regex(/^(0x)?[0-9a-f]{16,32}$|^(eui|nvme|uuid)\./i, "must be a WWN");

const disk = z.strictObject({
  name: z.string(),
  wwn,
  serial: z.string().optional(),
  model: z.string().optional(),
  sizeBytes: z.int().positive().optional(),
  /** A name of `enclosures`. */
  enclosure: z.string().optional(),
  slot: z.int().min(0).optional(),
  /** Ways that must lead to it. */
  paths: z.int().min(1).optional(),
});

const enclosure = z.strictObject({
  name: z.string(),
  /** Logical id that it tells ("sg_ses", or the label); left out: it is known by its disks, else by its cable. */
  id: wwn.optional(),
  /** All that lead to it: one more is a finding too. Left out: any. */
  ways: z
    .array(
      z.strictObject({
        /** A name of `cards`. */
        card: z.string(),
        /** An index of its `ports`. */
        port: z.int().min(0),
      }),
    )
    .optional(),
});

const expected = z.strictObject({
  cards: z.array(card).optional(),
  /** All of them: one more is a finding too. */
  memory: z.array(memoryModule).optional(),
  /** All of them: one more is a finding too. */
  disks: z.array(disk).optional(),
  /** Further disks outside of shelves, of which the manifest has no WWN. */
  disksWithoutWwn: z.int().min(0).optional(),
  /** All of them: one more is a finding too. */
  enclosures: z.array(enclosure).optional(),
  /** Begins of versions: "6.17" is met by 6.17.2-1-pve. */
  versions: z
    .strictObject({
      distribution: z.string().optional(),
      kernel: z.string().optional(),
      zfs: z.string().optional(),
      pve: z.string().optional(),
    })
    .optional(),
});

export type Expected = z.output<typeof expected>;

const shape = z.strictObject({
  owner: z.string(),
  host: z.string(),
  name: z.string(),
  /** What the manifest says of the machine. */
  expected: expected.optional(),
  /**
   * Whether outputs and state hold all PCI devices, disks and memory modules,
   * tens of kilobytes of a big machine; true if left out.
   */
  inventory: z.boolean().optional(),
  /** A finding is an error. */
  strict: z.boolean().optional(),
  timeouts,
});

export type HostFactsInputs = z.output<typeof shape>;

/** The facts, and a sentence for each difference from what is expected. */
export interface HostFactsOutputs
  extends Pick<Facts, Kept>,
    Partial<Omit<Facts, Kept>> {
  findings: string[];
}

/** What outputs and state hold also without the inventory: it is small. */
type Kept = "hbas" | "shelves" | "health" | "links" | "versions";

export const parse = (inputs: unknown): HostFactsInputs => shape.parse(inputs);

export const schema = shape.superRefine(({ expected = {} }, context) => {
  const { cards = [], disks = [], enclosures = [] } = expected;
  const problem = (path: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path: ["expected", ...path], message });
  const twice = (area: string, key: string, values: (string | undefined)[]) => {
    for (const [index, value] of values.entries())
      if (value !== undefined && values.indexOf(value) !== index)
        problem([area, index, key], `${value} is there twice`);
  };
  twice(
    "cards",
    "address",
    cards.map(({ address }) => address),
  );
  twice(
    "disks",
    "wwn",
    disks.map((item) => item.wwn.toLowerCase()),
  );
  twice(
    "enclosures",
    "name",
    enclosures.map(({ name }) => name),
  );
  twice(
    "enclosures",
    "id",
    enclosures.map(({ id }) => id?.toLowerCase()),
  );
  for (const [index, { ways = [] }] of enclosures.entries())
    for (const [at, { card, port }] of ways.entries()) {
      const ports = cards.find(({ name }) => name === card)?.ports;
      if (ports?.[port] === undefined)
        problem(
          ["enclosures", index, "ways", at],
          `no card "${card}" with a port ${port}`,
        );
    }
  for (const [index, { enclosure }] of disks.entries())
    if (
      enclosure !== undefined &&
      !enclosures.some(({ name }) => name === enclosure)
    )
      problem(["disks", index, "enclosure"], `no enclosure "${enclosure}"`);
});
