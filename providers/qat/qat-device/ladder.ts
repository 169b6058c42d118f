import { functionsOf } from "./adapter";
import { ofAdapter } from "./crypto";
import { hasAll, isTaken } from "./engage";
import { denylistWarning } from "./files";
import type { Look, Seen } from "./look";
import {
  type EndpointOutput,
  type ProofEnd,
  type ProofOutput,
  type QatDeviceInputs,
  type QatDeviceOutputs,
  type Rung,
  rungs,
} from "./model";
import { statements } from "./statements";
import { usesOf } from "./uses";

type Judged = Omit<QatDeviceOutputs, "mark" | "before" | "adopted">;

/** How far each endpoint is proved, never further than what was seen says. */
export function judge(
  inputs: QatDeviceInputs,
  seen: Look,
  evidence: ProofOutput | undefined,
): Judged {
  const own = functionsOf(seen, inputs);
  const standing = stillStanding(evidence, seen, own);
  const functions = own.map((item) => outputOf(inputs, seen, item, standing));
  const lost = 3 - functions.length;
  const lowest = Math.min(
    ...functions.map(({ rung }) => rungs.indexOf(rung)),
    lost > 0 ? 0 : rungs.length,
  );
  return {
    rung: rungs[lowest] ?? "absent",
    accelerated: functions
      .filter(({ rung }) => rung === "accelerated")
      .map(({ address }) => address),
    functions,
    algorithms: ofAdapter(seen.algorithms),
    missing: [
      ...(lost > 0
        ? [
            `${lost} of the adapter's three endpoints ${lost === 1 ? "is" : "are"} not there: look at the slot, at its power, and at "lspci -nn -d 8086:37c8"`,
          ]
        : []),
      ...functions.flatMap(({ address, next }) =>
        next ? [`${address}: ${next}`] : [],
      ),
    ],
    findings: findingsOf(inputs, seen, own),
    usesShown: usesOf(inputs, seen, standing),
    statement: statements[inputs.stack],
    ...(standing && { evidence: standing }),
  };
}

/** Without the endpoints that have started anew, or do not answer now. */
function stillStanding(
  evidence: ProofOutput | undefined,
  seen: Look,
  own: readonly Seen[],
): ProofOutput | undefined {
  if (evidence === undefined || evidence.boot !== seen.boot) return undefined;
  const endpoints = evidence.endpoints.filter(({ address, startedAt }) => {
    const now = own.find((item) => item.address === address);
    return (
      now?.heartbeat === "answers" &&
      startedAt !== undefined &&
      now.startedAt === startedAt
    );
  });
  return endpoints.length === 0 ? undefined : { ...evidence, endpoints };
}

function outputOf(
  inputs: QatDeviceInputs,
  seen: Look,
  item: Seen,
  evidence: ProofOutput | undefined,
): EndpointOutput {
  const { address, link, driver, heartbeat, virtualFunctions } = item;
  const [rung, next] = climb(inputs, seen, item, evidence);
  return {
    address,
    rung,
    ...(next && { next }),
    ...(link && { link: `x${link.width} at ${link.speed} GT/s` }),
    ...(driver && { driver }),
    heartbeat,
    virtualFunctions: virtualFunctions.length,
  };
}

/** The last rung that stands, and what the one above it wants. */
function climb(
  inputs: QatDeviceInputs,
  seen: Look,
  item: Seen,
  evidence: ProofOutput | undefined,
): [Rung, string?] {
  const { driver, heartbeat } = item;
  if (driver !== "c6xx")
    return [
      "device",
      driver === undefined
        ? 'no driver has it: load it with "modprobe qat_c62x", and look at "journalctl -k --grep=c6xx"'
        : `${driver} has it, and not c6xx: release it there`,
    ];
  if (!item.isStarted)
    return [
      "driver",
      inputs.stack === "out-of-tree"
        ? `it is not up: look at /etc/c6xx_dev${item.number ?? "N"}.conf and at "adf_ctl status"`
        : 'it has not started, or debugfs does not say so: look at "journalctl -k --grep=c6xx"; Linux 6.6 is the first that tells',
    ];
  if (heartbeat === "fails")
    return [
      "driver",
      'its engines do not answer (heartbeat -1): load the driver anew ("modprobe -r qat_c62x"), or start the machine anew',
    ];
  const lacking = notOffered(inputs, seen, item);
  if (lacking !== undefined) return ["started", lacking];
  if (inputs.stack === "passthrough")
    return [
      "offered",
      "guests have it from here on, and only their own counters show that they use it",
    ];
  const shows = evidence?.endpoints.find(
    (other) => other.address === item.address,
  )?.shows;
  if (shows === "served" && heartbeat === "answers") return ["accelerated"];
  if (heartbeat !== "unknown" && evidence && shows)
    return ["offered", unserved(evidence, shows)];
  return ["offered", unproved(inputs, heartbeat)];
}

function unproved(
  { proof }: QatDeviceInputs,
  heartbeat: Seen["heartbeat"],
): string {
  if (heartbeat === "unknown")
    return "nothing tells whether its engines answer: debugfs has no heartbeat";
  if (proof === undefined)
    return "no load has been asked for: set proof, and its counters are looked at under one";
  return "its counters were not looked at since it has started: give proof another run";
}

function unserved({ run, failure }: ProofOutput, shows: ProofEnd): string {
  const again = "give proof another run";
  switch (shows) {
    case "busy":
      return `its counters moved without the load of "${run}" as well, so nothing can be told of it: ${again} while nobody else uses the adapter`;
    case "unasked":
      return `it was not asked under the load of "${run}": other endpoints served all of it. Stop what holds this one, or ${again}`;
    case "failed":
      return `the load of "${run}" failed (${failure}), so it shows nothing: mend that, and ${again}`;
    default:
      return `its counters did not move under the load of "${run}": whoever asked was served elsewhere`;
  }
}

/** Why nobody could use it. */
function notOffered(
  { stack, instances, disableDenylist }: QatDeviceInputs,
  seen: Look,
  item: Seen,
): string | undefined {
  if (stack === "passthrough") {
    if (!hasAll(item))
      return `${item.virtualFunctions.length} of ${item.totalVirtualFunctions} virtual functions are there: the kernel enables all or none`;
    if (isTaken(item))
      return "the host's own driver (c6xxvf) has virtual functions of it, and guests cannot have those";
    return denylisted(disableDenylist, seen);
  }
  if (item.virtualFunctions.length > 0)
    return `it has ${item.virtualFunctions.length} virtual functions, and with them no instances for the host`;
  const wantsKernel =
    stack === "in-tree" ||
    instances?.kernel?.crypto !== undefined ||
    instances?.kernel?.compression !== undefined;
  const { crypto = 0, compression = 0, user = 0 } = item.instances ?? {};
  if (item.instances === undefined)
    return "the driver does not show its instances (dev_cfg in debugfs)";
  if (crypto + compression + user === 0)
    return "it has no instances, so nobody can ask it for anything";
  const hasAlgorithms = ofAdapter(seen.algorithms).length > 0;
  if (wantsKernel && user === 0 && !hasAlgorithms)
    return "/proc/crypto has no algorithm of it";
  return undefined;
}

/** Loaded, the module tells; else what it will be loaded with does. */
function denylisted(
  isMeant: boolean | undefined,
  { isDenylistDisabled }: Look,
): string | undefined {
  if (isDenylistDisabled ?? isMeant) return undefined;
  return isMeant
    ? 'vfio-pci was loaded before its denylist was switched off: load it anew ("modprobe -r vfio-pci"), or start the machine anew'
    : "vfio-pci has its denylist, and refuses guests the virtual functions: disableDenylist switches it off, with what that warns of";
}

function findingsOf(
  { stack, disableDenylist, host, uses }: QatDeviceInputs,
  seen: Look,
  own: readonly Seen[],
): string[] {
  const findings: string[] = [];
  if (stack === "passthrough" && disableDenylist)
    findings.push(`on host "${host}" ${denylistWarning}`);
  else if (seen.isDenylistDisabled)
    findings.push(
      `vfio-pci of host "${host}" runs with its denylist switched off (disable_denylist), and nothing here asks for that: load it anew ("modprobe -r vfio-pci"), or start the machine anew; where it is off again look in /etc/modprobe.d and at the kernel's command line`,
    );
  for (const { address, link, maxLink } of own)
    if (link && maxLink && link.width < maxLink.width)
      findings.push(
        `PCI ${address} runs at x${link.width}, and card and slot can x${maxLink.width}: look at the slot, and at its contacts`,
      );
  // Only names by which the declared users ask: ESP's.
  const behind = ofAdapter(seen.algorithms).filter(
    ({ name, isPreferred }) => !isPreferred && name.startsWith("authenc("),
  );
  if (uses?.includes("ipsec") && behind.length > 0)
    findings.push(
      `the kernel prefers other drivers for ${[...new Set(behind.map(({ name }) => name))].join(", ")}: IPsec, which asks by these names, does not reach the adapter`,
    );
  return findings;
}
