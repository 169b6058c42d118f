import { UserError } from "../../dynamic/failure";
import { adapterSubsystem, type Look, physicalId, type Seen } from "./look";
import type { QatDeviceInputs } from "./model";

type Chosen = Pick<QatDeviceInputs, "endpoints">;

/** The adapter's functions that are there, three at most where none are named. */
export function functionsOf(
  { functions }: Look,
  { endpoints }: Chosen,
): Seen[] {
  const own = functions.filter(isAdapter);
  return endpoints === undefined
    ? own
    : own.filter(({ address }) => endpoints.includes(address));
}

const isAdapter = ({ subsystemId }: Seen) => subsystemId === adapterSubsystem;

/** All three of them, or why it cannot be they. */
export function adapterOf(
  seen: Look,
  inputs: Chosen & Pick<QatDeviceInputs, "host">,
): Seen[] {
  const { host, endpoints } = inputs;
  const found = functionsOf(seen, inputs);
  if (endpoints !== undefined) {
    const wrong = endpoints.flatMap((address) =>
      found.some((item) => item.address === address)
        ? []
        : [`${address} ${instead(seen, address)}`],
    );
    if (wrong.length === 0) return found;
    throw new UserError(
      `on host "${host}" ${wrong.join("; ")}. Name the three functions ${physicalId} with subsystem ${adapterSubsystem} ("lspci -nn -d ${physicalId} -v")`,
    );
  }
  if (found.length === 3) return found;
  const others = seen.functions.filter((item) => !isAdapter(item));
  const block =
    others.length > 0
      ? ` (${others.map(({ address }) => address).join(", ")} is the chipset's own block)`
      : "";
  throw new UserError(
    found.length > 3
      ? `host "${host}" has ${found.length} functions of adapters: ${found.map(({ address }) => address).join(", ")}. Name the three of this one in endpoints`
      : `host "${host}" has ${found.length} of the three functions of a QuickAssist 8970${block}. Seat the adapter, and look at its slot in the firmware ("lspci -nn -d ${physicalId} -v")`,
  );
}

function instead({ functions }: Look, address: string): string {
  const other = functions.find((item) => item.address === address);
  if (other === undefined) return "is no function of C62x";
  return `has subsystem ${other.subsystemId ?? "none"}: it is the chipset's own block, not the adapter`;
}
