import type { Place } from "../place";
import { letGo, sendAway } from "./apply";
import { isOurs, ownersOn } from "./claim";
import { blockOf, configurationFile, withoutBlock } from "./configuration";
import type { SmbSharesInputs, SmbSharesOutputs } from "./model";
import { dropAccounts } from "./people";
import { markOf, type Section } from "./registry";
import { type Found, write } from "./server";
import { leaveService } from "./service";

/** Takes away what is ours. Each step leaves to a later run what tells it of those that follow. */
export async function remove(
  place: Place,
  inputs: SmbSharesInputs & SmbSharesOutputs,
  found: Found,
): Promise<void> {
  const owners = ownersOn(found, inputs);
  const own = found.sections
    .filter((section) => isOurs(section, inputs, owners))
    .filter((section) => mayGo(place, section, inputs));
  const block = blockOf(found.text);
  const isFiled = block !== undefined && owners.includes(block.owner);
  const rest = isFiled ? withoutBlock(found.text) : found.text;
  // With the settings of another resource it is that one's.
  if (isFiled || (own.length > 0 && !block))
    await leaveService(place, rest, found.sections.length - own.length);
  for (const section of own) await letGo(place, section);
  await sendAway(place, own, found.sections);
  await dropAccounts(place, { accounts: [] }, owners, found);
  if (isFiled) await write(place, configurationFile, rest, "0644");
}

/** Whether a share that lost its mark is the one that we made. */
function mayGo(
  { machine, operation }: Place,
  section: Section,
  { shares, adopt }: SmbSharesInputs,
): boolean {
  if (markOf(section).owner !== undefined) return true;
  // Without a mark it is let go already.
  if (adopt) return false;
  const path = section.parameters.get("path");
  const name = section.name.toLowerCase();
  const isSame = shares.some(
    (share) => share.name.toLowerCase() === name && share.path === path,
  );
  if (isSame) return true;
  operation.tell(
    `share "${section.name}" on host "${machine.name}" carries no mark of this site and leads to ${path ?? "nowhere"}: it stays`,
  );
  return false;
}
