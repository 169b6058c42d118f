import type { Facts, Hba, PciDevice } from "./facts";
import type { Expected } from "./model";

type Card = NonNullable<Expected["cards"]>[number];

export function cardFindings(
  cards: readonly Card[],
  { pci, hbas }: Facts,
): string[] {
  const free = new Set(pci);
  const take = (device: PciDevice | undefined) => {
    if (device) free.delete(device);
    return device;
  };
  const find = (card: Card) => {
    const such = [...free].filter(({ id }) => id === card.id);
    const exact = such.find(
      ({ subsystemId }) => subsystemId === card.subsystemId,
    );
    return take(
      card.address === undefined
        ? (exact ?? such[0])
        : [...free].find(({ address }) => address === card.address),
    );
  };
  const anywhere = ({ address }: Card) => (address === undefined ? 1 : 0);
  return [...cards]
    .sort((a, b) => anywhere(a) - anywhere(b))
    .flatMap((card) => {
      const device = find(card);
      if (device?.id !== card.id) return [missing(card, device, pci)];
      const hba = hbas.find(({ address }) => address === device.address);
      return differences(card, device, hba).map(
        (text) => `PCI ${device.address}: card "${card.name}" ${text}`,
      );
    });
}

function missing(
  card: Card,
  instead: PciDevice | undefined,
  pci: readonly PciDevice[],
): string {
  const others = pci.filter(({ id }) => id === card.id);
  const hint =
    others.length > 0 && card.address
      ? `, but at ${others.map(({ address }) => address).join(", ")}`
      : "";
  if (card.address === undefined)
    return `PCI: card "${card.name}" (${card.id}) is nowhere: not seated, or its slot is disabled in the firmware`;
  const there = instead
    ? `is ${instead.id} ${instead.name}`
    : "is nothing: not seated, or its slot is disabled in the firmware";
  return `PCI ${card.address}: ${there}; card "${card.name}" (${card.id}) is not there${hint}`;
}

function differences(
  card: Card,
  device: PciDevice,
  hba: Hba | undefined,
): string[] {
  const found: string[] = [];
  const { subsystemId, driver, link = {}, firmware = {} } = card;
  if (subsystemId !== undefined && subsystemId !== device.subsystemId)
    found.push(
      `has subsystem ${device.subsystemId ?? "none"}, expected ${subsystemId}: it is another make`,
    );
  if (driver !== undefined && driver !== device.driver)
    found.push(`has driver ${device.driver ?? "none"}, expected ${driver}`);
  const { link: now, maxLink: most } = device;
  if (link.width !== undefined && !(Number(now?.width) >= link.width))
    found.push(
      `runs at ${now ? `x${now.width}` : "an unknown width"}, expected x${link.width}${most ? ` (card and slot can x${most.width})` : ""}: look at the slot, and at its contacts`,
    );
  if (link.speed !== undefined && !(Number(now?.speed) >= link.speed))
    found.push(
      `runs at ${now ? `${now.speed} GT/s` : "an unknown speed"}, expected ${link.speed} GT/s${most ? ` (card and slot can ${most.speed} GT/s)` : ""}`,
    );
  if (firmware.version !== undefined && firmware.version !== hba?.firmware)
    found.push(
      `has firmware ${hba?.firmware || "unknown"}, expected ${firmware.version}`,
    );
  if (firmware.mode !== undefined && firmware.mode !== hba?.mode)
    found.push(
      hba === undefined || hba.mode === "unknown"
        ? `has a firmware of unknown mode, expected ${firmware.mode}: the kernel's log of this boot does not tell ("sas2flash -list" on the host does)`
        : `has ${hba.mode} firmware, expected ${firmware.mode}`,
    );
  return found;
}
