import type { Site } from "../site";
import {
  lineStates,
  type OpenwrtCommand,
  type OpenwrtFault,
  openwrtFaultKinds,
} from "./openwrt";
import { routerHardware } from "./router";
import { bendRouter } from "./site-lab";

export const routerFaultHelp = `       npm run lab -- fault wan LINE ${lineStates.join(" | ")}   (its cable is pulled; nothing behind it answers)
       npm run lab -- fault router KIND [--match "uci apply"] [--ms N] [--count N]   (frozen: 1)
       npm run lab -- fault router reboot               (power lost, and back)

Of the router:
${Object.entries(openwrtFaultKinds)
  .map(([kind, what]) => `  ${kind.padEnd(20)} ${what}`)
  .join("\n")}

Of Proxmox VE:`;

export const routerDriftHelp = `       npm run lab -- drift openwrt FILE.SECTION[.OPTION] [VALUE]   (without a value it goes)`;

/** `words` are what stands behind "fault". */
export async function faultRouter(
  [kind, first = "", second = ""]: readonly string[],
  { match, ms, count }: { match?: string; ms?: string; count?: string },
  /** Asked for where no router has been up that knows its lines. */
  site: () => Site,
): Promise<unknown> {
  if (kind === "wan") {
    return bendRouter(
      {
        do: "wan",
        line: first,
        state: second as (typeof lineStates)[number],
      },
      () => routerHardware(site())?.lines ?? [],
    );
  }
  switch (first) {
    case "list":
      return bendRouter({ do: "faults" });
    case "clear":
      return bendRouter({ do: "clear-faults" });
    case "reboot":
      return bendRouter({ do: "reboot" });
    default:
      return bendRouter({
        do: "fault",
        fault: {
          kind: first,
          match,
          ms: ms === undefined ? undefined : Number(ms),
          // One frozen request after the other would never end.
          count:
            count === undefined
              ? first === "frozen"
                ? 1
                : undefined
              : Number(count),
        } as OpenwrtFault,
      } satisfies OpenwrtCommand);
  }
}

export function driftRouter(path: string, value: string): Promise<unknown> {
  return bendRouter({ do: "drift", path, value: value || undefined });
}
