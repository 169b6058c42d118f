import { z } from "zod";

const address = z
  .string()
  .regex(
    /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/,
    'must be a PCI address like "0000:54:00.0"',
  );

const count = z.int().min(0).max(64);

const shape = z.strictObject({
  /** "<site id>/<kind>/<name>", by formatOwner. */
  owner: z.string(),
  /** Key of the endpoint and credential in hybrid-site:endpoints and :credentials. */
  host: z.string(),
  /** Of the files, and of the folder that the host keeps about them. */
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9_-]*$/i,
      "must be letters, digits, hyphens and underscores",
    ),
  /** The adapter's three functions; left out: those that are there. */
  endpoints: z.array(address).optional(),
  /**
   * Who drives it: the kernel's own driver with the configuration that is built
   * into it; Intel's driver out of the tree, by a file for each endpoint; or
   * guests, by virtual functions. "none" is what a refresh finds where it is as
   * none of them.
   */
  stack: z.enum(["in-tree", "out-of-tree", "passthrough", "none"]),
  /** Of the driver out of the tree: cryptography, compression. */
  services: z.array(z.enum(["cy", "dc"])).optional(),
  /** Of the driver out of the tree, of each endpoint. */
  instances: z
    .strictObject({
      kernel: z
        .strictObject({
          crypto: count.optional(),
          compression: count.optional(),
        })
        .optional(),
      user: z
        .strictObject({
          /** As programs ask for it: SHIM, if left out, is the OpenSSL engine's. */
          section: z
            .string()
            .regex(/^[A-Z][A-Z0-9_]*$/, "must be in capitals")
            .optional(),
          crypto: count.optional(),
          compression: count.optional(),
          /** Programs at once, each with these instances; left out: 1. */
          processes: z.int().min(1).max(64).optional(),
        })
        .optional(),
    })
    .optional(),
  /**
   * Lets guests have the virtual functions: vfio-pci refuses them for errata by
   * which a guest can hang the machine.
   */
  disableDenylist: z.boolean().optional(),
  /** Who is meant to use it: outputs say who is shown to. */
  uses: z.array(z.enum(["ipsec", "tls"])).optional(),
  /** Puts a load on the adapter once for each `run`, and looks at its counters. */
  proof: z
    .strictObject({
      load: z.enum(["kernel", "openssl"]),
      /** Any text; another one asks anew. */
      run: z.string().min(1),
    })
    .optional(),
  /** Takes over files that are there already; deletion puts them back. */
  adopt: z.boolean().optional(),
  /** In seconds; left out: 300, to read 60. */
  timeouts: z
    .strictObject({
      create: z.int().min(1).optional(),
      read: z.int().min(1).optional(),
      update: z.int().min(1).optional(),
      delete: z.int().min(1).optional(),
    })
    .optional(),
});

export type QatDeviceInputs = z.output<typeof shape>;

/** How much is proved, from the least to the most. */
export const rungs = [
  /** Not there. */
  "absent",
  /** A function of the adapter, with its link. */
  "device",
  /** The driver has it. */
  "driver",
  /** It is up, and its engines answer. */
  "started",
  /** Algorithms, instances or virtual functions of it are there to be used. */
  "offered",
  /** Counters moved under a load. */
  "accelerated",
] as const;
export type Rung = (typeof rungs)[number];

export interface EndpointOutput {
  address: string;
  rung: Rung;
  /** What it takes to the next rung; left out on the last. */
  next?: string;
  /** "x16 at 8 GT/s"; left out where there is none. */
  link?: string;
  driver?: string;
  heartbeat: "answers" | "fails" | "unknown";
  virtualFunctions: number;
}

export interface AlgorithmOutput {
  name: string;
  driver: string;
  priority: number;
  /** Whoever asks by name gets this one. */
  isPreferred: boolean;
}

/** What counters showed under a load, and what they are compared with later. */
export interface ProofOutput {
  load: "kernel" | "openssl";
  run: string;
  /** Of the kernel's start, likewise. */
  boot: string;
  endpoints: {
    address: string;
    /** Of the endpoint, in seconds since the epoch: after another start nothing is known any more. */
    startedAt?: number;
    /** Responses under the load. */
    moved: number;
    shows: ProofEnd;
  }[];
  /** Without the load of ours. */
  moving: boolean;
  /** How the load failed. */
  failure?: string;
}

export type ProofEnd =
  /** It has served the load: counters that stood still moved by its share at least. */
  | "served"
  /** Its counters moved before or after it as well: nothing can be told apart. */
  | "busy"
  /** It did not serve its share, and somebody else did. */
  | "elsewhere"
  /** All of the load went to others. */
  | "unasked"
  /** The load failed. */
  | "failed";

export interface UseOutput {
  use: "ipsec" | "tls";
  isShown: boolean;
  why: string;
}

/** What stood before us, for the deletion. */
export interface Before {
  isLoaded: boolean;
  virtualFunctions: number;
}

export interface QatDeviceOutputs {
  rung: Rung;
  /** Endpoints whose counters moved. */
  accelerated: string[];
  functions: EndpointOutput[];
  algorithms: AlgorithmOutput[];
  /** For each endpoint, what would take it further. */
  missing: string[];
  /** What is there and should not be, or is not what it seems. */
  findings: string[];
  usesShown: UseOutput[];
  /** What can use the adapter as it is, and what cannot. */
  statement: string;
  evidence?: ProofOutput;
  /** The owner as the host has it: drift takes it from the inputs, and not from here. */
  mark: string;
  before: Before;
  adopted: string[];
}

export const parse = (inputs: unknown): QatDeviceInputs => shape.parse(inputs);

export const schema = shape.superRefine((inputs, context) => {
  const { stack, services, instances = {}, endpoints, proof } = inputs;
  const problem = (path: string[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  if (stack === "none")
    problem(["stack"], "must be in-tree, out-of-tree or passthrough");
  if (endpoints && (endpoints.length !== 3 || new Set(endpoints).size !== 3))
    problem(["endpoints"], "must be the adapter's three functions");
  const only = (
    key: "services" | "instances" | "disableDenylist",
    of: string,
  ) => {
    if (inputs[key] !== undefined && stack !== of)
      problem([key], `is of stack ${of} only`);
  };
  only("services", "out-of-tree");
  only("instances", "out-of-tree");
  only("disableDenylist", "passthrough");
  if (stack === "out-of-tree") {
    if (!services?.length) problem(["services"], "must name one at least");
    const { kernel = {}, user = {} } = instances;
    const asks = (key: "crypto" | "compression") =>
      (kernel[key] ?? 0) + (user[key] ?? 0) > 0;
    for (const [key, service] of [
      ["crypto", "cy"],
      ["compression", "dc"],
    ] as const)
      if (asks(key) && !services?.includes(service))
        problem(["instances"], `${key} needs the service ${service}`);
    if (!asks("crypto") && !asks("compression"))
      problem(["instances"], "must be one at least, or nobody can use it");
  }
  if (stack === "passthrough" && (inputs.uses?.length || proof))
    problem(
      [proof ? "proof" : "uses"],
      "is of the host's own use: with virtual functions it has no instances left",
    );
  const asked = proof?.load === "kernel" ? "kernel" : "user";
  if (proof && stack === "out-of-tree" && !instances[asked]?.crypto)
    problem(["proof", "load"], `needs crypto instances of instances.${asked}`);
  if (proof?.load === "openssl" && stack === "in-tree")
    problem(
      ["proof", "load"],
      "OpenSSL cannot use the adapter by the kernel's own driver",
    );
});
