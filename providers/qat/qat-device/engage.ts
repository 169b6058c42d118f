import { UserError } from "../../dynamic/failure";
import type { Operation } from "../../dynamic/kind";
import { HostError, type Machine, type Words } from "../../host/client";
import type { Look, Seen } from "./look";

export interface Place {
  machine: Machine;
  operation: Operation;
  signal: AbortSignal;
  host: string;
}

const undoMs = 30_000;

/** Virtual functions that the host's own driver must not have. */
export const isTaken = ({ virtualFunctions }: Seen): boolean =>
  virtualFunctions.some(({ driver }) => driver === "c6xxvf");

export const hasAll = ({
  virtualFunctions,
  totalVirtualFunctions,
}: Seen): boolean =>
  totalVirtualFunctions > 0 &&
  virtualFunctions.length === totalVirtualFunctions;

export async function loadDriver(
  place: Place,
  { isLoaded }: Look,
): Promise<void> {
  if (!isLoaded) await write(place, ["modprobe", "qat_c62x"]);
}

/**
 * Each endpoint is the host's, or all guests': the kernel takes the one when it
 * gives the other. What has changed is put back when one of them fails.
 */
export async function giveTo(
  place: Place,
  to: "host" | "guests",
  endpoints: readonly Seen[],
): Promise<void> {
  const wrong = endpoints.filter((item) =>
    to === "guests"
      ? !hasAll(item) || isTaken(item)
      : item.virtualFunctions.length > 0,
  );
  refuseHeld(place.host, wrong);
  const done: Seen[] = [];
  try {
    for (const item of wrong) {
      done.push(item);
      if (item.virtualFunctions.length > 0) await setCount(place, item, 0);
      await setProbing(place, item, to === "host");
      if (to === "guests")
        await setCount(place, item, item.totalVirtualFunctions);
    }
  } catch (error) {
    // Without a connection the next run looks what there is.
    if (!(error instanceof HostError) || error.kind !== "exit") throw error;
    throw new UserError(
      `${explained(place.host, done.at(-1), error)}. ${await putBackTold(place, done)}`,
    );
  }
}

async function putBackTold(
  place: Place,
  done: readonly Seen[],
): Promise<string> {
  try {
    await putBack(place, done);
    return "The endpoints are as they were";
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `Putting the others back failed too: ${why}`;
  }
}

/** Each as it was seen. */
export async function putBack(
  place: Place,
  done: readonly Seen[],
): Promise<void> {
  const undoing = { ...place, signal: AbortSignal.timeout(undoMs) };
  for (const item of [...done].reverse()) {
    const count = item.virtualFunctions.length;
    const now = await countNow(undoing, item);
    if (now === count) continue;
    if (now > 0) await setCount(undoing, item, 0);
    await setProbing(undoing, item, !(count > 0) || isTaken(item));
    if (count > 0) await setCount(undoing, item, count);
  }
}

/** The kernel would take it from a running guest. */
function refuseHeld(host: string, endpoints: readonly Seen[]): void {
  const held = endpoints.flatMap(({ virtualFunctions }) =>
    virtualFunctions.filter(({ driver }) => driver === "vfio-pci"),
  );
  if (held.length === 0) return;
  throw new UserError(
    `on host "${host}" vfio-pci holds ${held.map(({ address }) => address).join(", ")}, perhaps for a running guest. Shut the guests down that have them, then release each ("echo ADDRESS > /sys/bus/pci/drivers/vfio-pci/unbind")`,
  );
}

const attribute = ({ address }: Seen, name: string) =>
  `/sys/bus/pci/devices/${address}/${name}`;

function setCount(place: Place, item: Seen, count: number): Promise<void> {
  return write(place, ["tee", attribute(item, "sriov_numvfs")], `${count}`);
}

function setProbing(place: Place, item: Seen, on: boolean): Promise<void> {
  const path = attribute(item, "sriov_drivers_autoprobe");
  return write(place, ["tee", path], on ? "1" : "0");
}

async function countNow(
  { machine, signal }: Place,
  item: Seen,
): Promise<number> {
  const text = await machine.read(attribute(item, "sriov_numvfs"), signal);
  return Number(text?.toString("utf8").trim() ?? 0);
}

export async function write(
  { machine, operation, signal }: Place,
  words: Words,
  stdin?: string,
): Promise<void> {
  await operation.beforeWrite();
  await machine.run(words, { signal, stdin });
}

function explained(
  host: string,
  item: Seen | undefined,
  { stderr }: HostError,
): string {
  const said = stderr.trim();
  if (/resource busy/.test(said))
    return `endpoint ${item?.address} of host "${host}" is in use, and the kernel gives it to nobody else meanwhile (${said}). Stop what uses it: IPsec, dm-crypt, programs with instances`;
  if (/Invalid argument/.test(said))
    return `the kernel of host "${host}" refuses virtual functions of ${item?.address} (${said}): without an IOMMU it does. Look at "journalctl -k --grep=c6xx"`;
  return `endpoint ${item?.address} of host "${host}" cannot be given away: ${said}`;
}
