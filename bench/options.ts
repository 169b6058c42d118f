import { parseArgs } from "node:util";

/** By name, what it is in the embedded Proxmox VE. */
export const faultKinds = {
  "596-before": "status 596 in place of the work",
  "596-lost": "the work is done, its reply replaced by status 596",
  "lock-timeout": "a write does not get the guest's lock in time",
  reset: "the connection is cut, before the work or after it",
} as const;

export type FaultKind = keyof typeof faultKinds;

export const usage = `usage: npm run bench -- [--vms 50] [--latency 5] [--task 200] [--parallel 10]
                        [--fault KIND [--rate 0.01] [--seed 1]] [--policy] [--json]
       npm run bench -- --endpoint URL [--template NAME] [--vms 50] [--parallel 10] [--json]
       npm run bench -- --readme [--peer FILE] [--vms 50] [--latency 5] [--task 200] [--parallel 10]

Makes, refreshes and destroys full clones of one template with a real Pulumi
engine: cloud-init, a disk grown from 2 to 20 GiB, a tagged NIC, started. The
engine's settings are those of a real site; its state is written as it goes.
The last line of stdout is the result in JSON; --json leaves out the table before it.

  --vms N          how many guests
  --latency MS     of each request to the embedded Proxmox VE
  --task MS        that each of its tasks takes
  --parallel N     operations at once, Pulumi's --parallel
  --fault KIND     goes wrong while the guests are made; one more up may follow
${Object.entries(faultKinds)
  .map(([kind, what]) => `      ${kind.padEnd(14)} ${what}`)
  .join("\n")}
  --rate SHARE     of the requests that the fault hits
  --seed N         of the random numbers behind the rate
  --endpoint URL   a Proxmox VE that is up already, instead of the embedded one.
      PROXMOX_VE_API_TOKEN, or PROXMOX_VE_USERNAME and PROXMOX_VE_PASSWORD
      PROXMOX_VE_CA_FILE, or PROXMOX_VE_FINGERPRINT (SHA-256)
  --template NAME  where the endpoint has several
  --policy         with the policy pack, which judges before each up
  --readme         writes the median of three runs into README.md
  --peer FILE      with the result of another provider beside it, in this form`;

export class UsageError extends Error {}

export interface Options {
  vms: number;
  latency: number;
  task: number;
  parallel: number;
  fault: { kind: FaultKind; rate: number; seed: number } | undefined;
  endpoint: string | undefined;
  template: string | undefined;
  policy: boolean;
  json: boolean;
  readme: boolean;
  peer: string | undefined;
}

/** Undefined: only help is asked for. */
export function readOptions(words: string[]): Options | undefined {
  const values = parse(words);
  if (values.help) return undefined;
  const { fault, endpoint, template, policy, json, readme, peer } = values;
  if (fault === undefined) {
    refuse(values.rate !== undefined, "--rate goes with --fault");
    refuse(values.seed !== undefined, "--seed goes with --fault");
  }
  refuse(
    endpoint !== undefined && fault !== undefined,
    "--fault bends the embedded Proxmox VE; an endpoint cannot be bent",
  );
  for (const name of ["latency", "task"] as const) {
    refuse(
      endpoint !== undefined && values[name] !== undefined,
      `--${name} is of the embedded Proxmox VE, not of an endpoint`,
    );
  }
  refuse(
    endpoint === undefined && template !== undefined,
    "--template goes with --endpoint",
  );
  refuse(!readme && peer !== undefined, "--peer goes with --readme");
  refuse(
    readme && (fault ?? endpoint) !== undefined,
    "--readme shows neither faults nor an endpoint",
  );
  return {
    vms: number("vms", values.vms ?? "50", 1),
    latency: number("latency", values.latency ?? "5", 0),
    task: number("task", values.task ?? "200", 0),
    parallel: number("parallel", values.parallel ?? "10", 1),
    fault: fault === undefined ? undefined : readFault(fault, values),
    endpoint: endpoint === undefined ? undefined : readUrl(endpoint),
    template,
    policy,
    json,
    readme,
    peer,
  };
}

function parse(words: string[]) {
  const string = { type: "string" } as const;
  const boolean = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      args: words,
      options: {
        vms: string,
        latency: string,
        task: string,
        parallel: string,
        fault: string,
        rate: string,
        seed: string,
        endpoint: string,
        template: string,
        peer: string,
        policy: boolean,
        json: boolean,
        readme: boolean,
        help: boolean,
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readFault(kind: string, values: { rate?: string; seed?: string }) {
  if (!isFaultKind(kind)) {
    const known = Object.keys(faultKinds).join(", ");
    throw new UsageError(`there is no fault "${kind}", known are ${known}`);
  }
  const rate = Number(values.rate ?? "0.01");
  refuse(!(rate > 0 && rate <= 1), "--rate must be above 0 and at most 1");
  return { kind, rate, seed: number("seed", values.seed ?? "1", 0) };
}

function isFaultKind(kind: string): kind is FaultKind {
  return Object.hasOwn(faultKinds, kind);
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  refuse(
    url?.protocol !== "https:",
    `--endpoint must be like https://10.10.10.12:8006, not "${text}"`,
  );
  return text.replace(/\/+$/, "");
}

function number(name: string, text: string, least: number): number {
  const valid = /^\d+$/.test(text) && Number(text) >= least;
  refuse(!valid, `--${name} must be a whole number from ${least}`);
  return Number(text);
}

function refuse(wrong: boolean, why: string): void {
  if (wrong) throw new UsageError(why);
}
