import { parseArgs } from "node:util";
import type { Site } from "../site";
import { nearest } from "../site/suggest";
import {
  driftHost,
  faultDisk,
  faultHost,
  faultQat,
  hostDriftHelp,
  hostFaultHelp,
  hostFaultKindsHelp,
} from "./host-verbs";
import { type Command, faultKinds } from "./proxmox";
import {
  driftRouter,
  faultRouter,
  routerDriftHelp,
  routerFaultHelp,
} from "./router-verbs";
import { bend } from "./site-lab";

export const help = `usage: npm run lab [-- VERB | -- PULUMI ARGUMENTS]

Without words: pulumi up --yes with the policy pack on the lab's stack.
Any Pulumi command runs with the lab up: preview, refresh --yes, destroy --yes,
stack export ... with its own flags and exit code.

  status   show the hosts' guests and the router's lines
  check    check the manifest, and show who may reach what (npm run check)
  serve    keep the lab up and print where it answers, for any other client
  orphans  list what is on the hosts and in no resource
  locate   light the slot of a disk, and say where it is (locate --help)
  env      print what makes plain "npx pulumi" work on it: eval "$(npm run -s lab -- env)"
  fault    let things go wrong (fault --help)
  drift    change things behind Pulumi's back (drift --help)
  reset    forget the world and the stack's state

Environment: LAB_DIR (instead of .lab), LAB_MANIFEST (instead of the stack's),
LAB_RECORD=DIR (log every request),
LAB_LATENCY_MS (each request, 0), LAB_TASK_MS (each task of a host, 200, or by type:
"200,qmclone=2000"), LAB_HA_MS (between two looks of the HA manager, 1000).`;

const own = [
  "status",
  "check",
  "serve",
  "orphans",
  "locate",
  "env",
  "fault",
  "drift",
  "reset",
  "help",
];

const pulumis =
  /^(about|ai|api|cancel|config|console|convert|deployment|destroy|do|down|env|gen-completion|history|import|install|login|logout|logs|neo|new|org|package|plugin|policy|preview|pre|project|query|refresh|schema|stack|state|template|trace|up|update|version|view-trace|watch|whoami)$/;

/** The lab's verb that a word is most likely meant to be, where Pulumi has no such command. */
export function ownVerbMeant(word: string): string | undefined {
  return word.startsWith("-") || pulumis.test(word)
    ? undefined
    : nearest(word, own);
}

const faultHelp = `usage: npm run lab -- fault KIND [--host NODE] [--match "POST /nodes/*/qemu/*/clone"]
                                [--rate 0.01] [--count N] [--status 596] [--ms N] [--seed N]
       npm run lab -- fault list | clear | rotate-token NODE | revoke NODE PRIVILEGE
       npm run lab -- fault reboot-node NODE [--ms N]   (its tasks and guests end; 2000 ms)
       npm run lab -- fault recover-network NODE        (as somebody does it at the console)
${hostFaultHelp}
${routerFaultHelp}

${Object.entries(faultKinds)
  .map(([kind, what]) => `  ${kind.padEnd(20)} ${what}`)
  .join("\n")}

${hostFaultKindsHelp}

For tasks --match is their type, like qmclone. Faults stay until cleared or counted down;
"list" shows how often each has fired, "clear" mends the lines too. The same --seed hits the same requests.`;

const driftHelp = `usage: npm run lab -- drift set GUEST KEY VALUE    (memory, cores, tags, net0, description ...)
       npm run lab -- drift unset GUEST KEY
       npm run lab -- drift start | stop | delete GUEST
       npm run lab -- drift move GUEST NODE          (within its cluster)
       npm run lab -- drift foreign NODE VMID NAME   (somebody else's guest)
       npm run lab -- drift interface | storage NODE NAME set KEY VALUE
       npm run lab -- drift interface | storage NODE NAME unset KEY
       npm run lab -- drift interface | storage NODE NAME delete
${routerDriftHelp}
${hostDriftHelp}

GUEST is a name or a VM id; KEY is as the API has it: mtu, bridge_ports, comments; content, nodes.`;

export async function fault(
  words: string[],
  /** Asked for where the router or a machine is meant. */
  site: () => Site,
): Promise<string> {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      help: { type: "boolean" },
      host: { type: "string" },
      match: { type: "string" },
      rate: { type: "string" },
      count: { type: "string" },
      status: { type: "string" },
      ms: { type: "string" },
      seed: { type: "string" },
    },
  });
  const [kind, node = "", privilege = ""] = positionals;
  if (values.help || kind === undefined) return faultHelp;
  if (kind === "wan" || kind === "router")
    return show(await faultRouter(positionals, values, site));
  if (kind === "host")
    return show(await faultHost(positionals.slice(1), values, site));
  if (kind === "disk") return show(await faultDisk(positionals.slice(1), site));
  if (kind === "qat") return show(await faultQat(positionals.slice(1), site));
  if (kind === "list" || kind === "clear") {
    const both = await bend({
      do: kind === "list" ? "faults" : "clear-faults",
    });
    const router = await faultRouter(["router", kind], {}, site);
    return show([...(both as object[]), ...(router as object[])]);
  }
  if (kind === "rotate-token")
    return show(await bend({ do: "rotate-token", node }));
  if (kind === "recover-network")
    return show(await bend({ do: "recover-network", node }));
  if (kind === "revoke")
    return show(await bend({ do: "revoke", node, privilege }));
  if (kind === "reboot-node") {
    const ms = values.ms === undefined ? undefined : number("ms", values.ms);
    return show(await bend({ do: "reboot-node", node, ms }));
  }
  const { host, match, rate, count, status, ms, seed } = values;
  const numbers = Object.entries({ rate, count, status, ms, seed }).flatMap(
    ([key, text]) => (text === undefined ? [] : [[key, number(key, text)]]),
  );
  const command = {
    do: "fault",
    fault: { kind, host, match, ...Object.fromEntries(numbers) },
  } as Command;
  return show(await bend(command));
}

export async function drift(
  words: string[],
  site: () => Site,
): Promise<string> {
  const [change, first = "", second = "", ...rest] = words;
  const third = rest.join(" ");
  switch (change) {
    case "set":
      if (first && second && third) {
        return show(
          await bend({
            do: "drift",
            guest: first,
            change,
            key: second,
            value: third,
          }),
        );
      }
      break;
    case "move":
    case "unset":
      if (first && second) {
        return show(
          await bend({ do: "drift", guest: first, change, key: second }),
        );
      }
      break;
    case "start":
    case "stop":
    case "delete":
      if (first) return show(await bend({ do: "drift", guest: first, change }));
      break;
    case "interface":
    case "storage": {
      const [act, key, ...words] = rest;
      const value = words.join(" ");
      const isComplete =
        act === "delete" ||
        (act === "unset" && key) ||
        (act === "set" && key && value);
      if (!isComplete) break;
      return show(
        await bend({
          do: `drift-${change}`,
          node: first,
          name: second,
          change: act,
          key,
          value,
        }),
      );
    }
    case "host":
      if (first && second)
        return show(await driftHost(first, [second, ...rest], site));
      break;
    case "openwrt":
      if (first)
        return show(await driftRouter(first, [second, ...rest].join(" ")));
      break;
    case "foreign":
      if (third) {
        return show(
          await bend({
            do: "foreign",
            node: first,
            vmid: number("VMID", second),
            name: third,
          }),
        );
      }
      break;
    case undefined:
    case "--help":
      return driftHelp;
  }
  throw new Error(
    `Unable to drift "${words.join(" ")}": it is not complete.\n${driftHelp}`,
  );
}

function number(what: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) {
    throw new Error(`Unable to use ${what} "${text}": it is no number.`);
  }
  return value;
}

function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.length === 0) return "no faults";
  return (value as object[]).map((item) => JSON.stringify(item)).join("\n");
}
