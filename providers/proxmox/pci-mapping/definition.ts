import { isDeepStrictEqual } from "node:util";
import { formatMark, type Mark, withoutMark } from "../../dynamic/owner";
import type { ProxmoxSession } from "../client";
import {
  formatProperties,
  type Properties,
  parseProperties,
} from "../property-string";
import { type Identity, look } from "./hardware";
import type { DeviceInputs, PciMappingInputs } from "./model";

/** A mapping as PVE has it; the digest is of all of them. */
export interface Definition {
  id: string;
  map: string[];
  description?: string;
  digest: string;
}

export const mappings = "/cluster/mapping/pci";

export async function findDefinition(
  session: ProxmoxSession,
  name: string,
): Promise<Definition | undefined> {
  const all = await session.request<Definition[]>("GET", mappings);
  return all.find(({ id }) => id === name);
}

/** For a look that may share its answer with others side by side. */
export async function peekDefinition(
  session: ProxmoxSession,
  name: string,
): Promise<Definition | undefined> {
  const all = await session.shared<Definition[]>(mappings, {});
  return all.find(({ id }) => id === name);
}

/** PVE writes no second line, so the mark follows the words on theirs. */
export function describe(words: string, mark: Mark): string {
  return `${words} ${formatMark(mark)}`.trim();
}

/** The entries as they should be; what people noted on one stays. */
export function entriesOf(
  map: readonly DeviceInputs[],
  identities: readonly Identity[],
  found: readonly string[] = [],
): string[] {
  const old = found.map(parseEntry);
  return map.map(({ node, path }, index) => {
    const { id, subsystemId, iommuGroup } = identities[index] ?? {};
    const { description } =
      old.find((entry) => entry.node === node && entry.path === path) ?? {};
    return formatProperties({
      description,
      id,
      iommugroup: iommuGroup,
      node,
      path,
      "subsystem-id": subsystemId,
    });
  });
}

export function sameEntries(
  left: readonly string[],
  right: readonly string[],
): boolean {
  return isDeepStrictEqual(left.map(parseEntry), right.map(parseEntry));
}

function parseEntry(text: string): Properties {
  return parseProperties(text, "node");
}

/** The inputs as the cluster has them. */
export async function inputsFrom(
  session: ProxmoxSession,
  inputs: PciMappingInputs,
  { map, description }: Definition,
): Promise<PciMappingInputs> {
  return {
    ...inputs,
    map: await Promise.all(
      map.map((text, index) => device(session, text, inputs.map[index])),
    ),
    description:
      inputs.description === undefined ? undefined : withoutMark(description),
  };
}

/** What was left out stays so while it says what the card has: otherwise guests cannot start. */
async function device(
  session: ProxmoxSession,
  text: string,
  declared: DeviceInputs | undefined,
): Promise<DeviceInputs> {
  const entry = parseEntry(text);
  const { node = "", path = "", id = "" } = entry;
  const group = entry.iommugroup;
  const found = {
    node,
    path,
    id,
    subsystemId: entry["subsystem-id"],
    iommuGroup: group === undefined ? undefined : Number(group),
  };
  const card = await look(session, found);
  for (const key of ["subsystemId", "iommuGroup"] as const) {
    const isLeftOut = declared?.[key] === undefined;
    if (isLeftOut && (card === undefined || card[key] === found[key]))
      found[key] = undefined;
  }
  return found;
}
