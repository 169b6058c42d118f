import { UserError } from "../../dynamic/failure";
import {
  adoptedSuffix,
  isAdopted,
  type Mark,
  parseMark,
} from "../../dynamic/owner";
import type { Interfaces } from "./interfaces";
import type { BridgeInputs, BridgeOutputs } from "./model";

/** What the interfaces of the bridge will carry, by name. */
export type Claims = Map<string, { mark: Mark; adopted: boolean }>;

/** The interface that the mark was made for. */
export function claimedName({ id }: Mark): string {
  return id.replace(adoptedSuffix, "");
}

/** For a creation: what stands there must be ours, or be adopted. */
export function claim(inputs: BridgeInputs, present: Interfaces): Claims {
  return claims(inputs, present, [inputs.owner], (_name, what) => {
    if (inputs.adopt) return true;
    throw new UserError(
      `${what} stands on host "${inputs.host}" and carries no mark of this site. Choose another name, or set adopt: true to take it over; what is not declared of it stays`,
    );
  });
}

/** For an update: a mark that somebody wiped away is set again. */
export function claimAgain(
  inputs: BridgeInputs,
  olds: BridgeInputs & Partial<BridgeOutputs>,
  present: Interfaces,
): Claims {
  const owners = [inputs.owner, olds.owner];
  return claims(inputs, present, owners, (name, what) => {
    if (name === inputs.name || olds.bonds?.[name]) return olds.adopted ?? true;
    if (inputs.adopt) return true;
    throw new UserError(
      `${what} stands on host "${inputs.host}" and carries no mark of this site. Choose another name, or set adopt: true to take it over`,
    );
  });
}

function claims(
  inputs: BridgeInputs,
  { found }: Interfaces,
  owners: string[],
  unmarked: (name: string, what: string) => boolean,
): Claims {
  const { owner, host, name: bridge, bonds = {} } = inputs;
  const result: Claims = new Map();
  for (const name of [...Object.keys(bonds), bridge]) {
    const type = name === bridge ? "bridge" : "bond";
    const item = found.get(name);
    const mark = parseMark(item?.comments);
    if (item && item.type !== type) {
      throw new UserError(
        `"${name}" on host "${host}" is no ${type}, its type is ${item.type}. Choose another name`,
      );
    }
    if (mark && !owners.includes(mark.owner)) {
      throw new UserError(
        `${type} "${name}" on host "${host}" belongs to "${mark.owner}". Choose another name`,
      );
    }
    const adopted = mark
      ? isAdopted(mark)
      : item !== undefined && unmarked(name, `${type} "${name}"`);
    const id = adopted ? `${name}${adoptedSuffix}` : name;
    result.set(name, { mark: { owner, id }, adopted });
  }
  return result;
}
