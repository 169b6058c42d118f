import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type {
  AlgorithmOutput,
  EndpointOutput,
  ProofOutput,
  Rung,
  schema,
  UseOutput,
} from "./model";

export type QatDeviceArgs = Inputs<z.input<typeof schema>>;

/**
 * An Intel QuickAssist Adapter 8970 in a machine: its driver, configuration and
 * virtual functions, and how far it is proved that it does anything.
 */
export class QatDevice extends DynamicResource {
  static readonly kind = "qat:QatDevice";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(QatDevice.kind);

  /** Of the endpoint that is proved the least. */
  declare readonly rung: Output<Rung>;
  /** Endpoints whose counters moved under a load since they have started. */
  declare readonly accelerated: Output<string[]>;
  declare readonly functions: Output<EndpointOutput[]>;
  /** What /proc/crypto has of it. */
  declare readonly algorithms: Output<AlgorithmOutput[]>;
  /** What would take each endpoint further. */
  declare readonly missing: Output<string[]>;
  declare readonly findings: Output<string[]>;
  declare readonly usesShown: Output<UseOutput[]>;
  /** What can use it as it is, and what cannot. */
  declare readonly statement: Output<string>;
  /** Undefined: none was asked for, or it no longer stands. */
  declare readonly evidence: Output<ProofOutput | undefined>;
  /** Paths of what stood there before: deletion puts it back. */
  declare readonly adopted: Output<string[]>;

  constructor(
    name: string,
    args: QatDeviceArgs,
    options?: CustomResourceOptions,
  ) {
    super(
      QatDevice.kind,
      name,
      args,
      [
        "rung",
        "accelerated",
        "functions",
        "algorithms",
        "missing",
        "findings",
        "usesShown",
        "statement",
        "evidence",
        "mark",
        "before",
        "adopted",
      ],
      options,
    );
  }
}
