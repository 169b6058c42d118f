import { UserError } from "../../dynamic/failure";
import { markFrom } from "../../dynamic/mark";
import { ownerOf } from "./accounts";
import { blockOf, sectionsIn } from "./configuration";
import type { SmbSharesInputs, SmbSharesOutputs } from "./model";
import { find, markOf, type Section } from "./registry";
import type { Found } from "./server";

/** Names of what stood there before us, and is let go when it is deleted. */
export interface Claimed {
  shares: ReadonlySet<string>;
  accounts: ReadonlySet<string>;
}

/** What is ours by what the state says. */
export interface Known {
  /** The declared one, and the one that the resource had before it was renamed. */
  owners: readonly string[];
  shares: readonly { name: string }[];
  accounts: readonly string[];
}

/** Whose marks are ours, by what the state says or, of before, the host. */
export function ownersOn(
  { text, sections }: Found,
  inputs: SmbSharesInputs & SmbSharesOutputs,
): string[] {
  const block = blockOf(text)?.owner;
  const known = [inputs.owner, markFrom(inputs, block)].filter(Boolean);
  if (known.length === 0 && sections.some((item) => markOf(item).owner)) {
    throw new UserError(
      `the state does not say whose the shares on host "${inputs.host}" are. Run "pulumi up", which marks them again`,
    );
  }
  return [...new Set(known)];
}

/** Ours, or one of ours whose mark somebody took away. */
export function isOurs(
  section: Section,
  { shares }: Pick<SmbSharesInputs, "shares">,
  owners: readonly string[],
): boolean {
  const { owner } = markOf(section);
  if (owner !== undefined) return owners.includes(owner);
  const name = section.name.toLowerCase();
  return shares.some((share) => share.name.toLowerCase() === name);
}

/** Refuses what is another's. */
export function claim(
  inputs: SmbSharesInputs,
  found: Found,
  { owners, ...known }: Known,
): Claimed {
  const { host, adopt } = inputs;
  const adopted = { shares: new Set<string>(), accounts: new Set<string>() };
  const taken = (what: string, owner: string) =>
    new UserError(
      `${what} on host "${host}" belongs to "${owner}". Choose another name`,
    );
  const there = (what: string) =>
    new UserError(
      `${what} is there on host "${host}" and carries no mark of this site. Choose another name, or set adopt: true to take it over`,
    );
  const block = blockOf(found.text);
  if (block && !owners.includes(block.owner))
    throw new UserError(
      `smb.conf on host "${host}" has the settings of "${block.owner}". A host has one resource for its shares`,
    );
  const filed = sectionsIn(found.text).map((name) => name.toLowerCase());
  for (const { name } of inputs.shares) {
    if (filed.includes(name.toLowerCase()))
      throw new UserError(
        `smb.conf on host "${host}" has a share "${name}" of its own. Choose another name, or take it out there`,
      );
    const section = find(found.sections, name);
    if (section === undefined) continue;
    const mark = markOf(section);
    if (mark.owner && !owners.includes(mark.owner))
      throw taken(`share "${name}"`, mark.owner);
    // Somebody took its mark away.
    const isKnown = known.shares.some((share) => share.name === name);
    if (!mark.owner && !adopt && !isKnown) throw there(`a share "${name}"`);
    if (mark.owner ? mark.adopted : adopt) adopted.shares.add(name);
  }
  for (const name of inputs.accounts) {
    const account = found.accounts.get(name);
    if (!account?.user && !account?.samba) continue;
    const owner = ownerOf(account);
    if (owner && !owners.includes(owner))
      throw taken(`account "${name}"`, owner);
    const isKnown = known.accounts.includes(name);
    if (!owner && !adopt && !isKnown) throw there(`a user "${name}"`);
    if (owner ? account.samba?.adopted : adopt) adopted.accounts.add(name);
  }
  return adopted;
}
