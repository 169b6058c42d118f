import { UserError } from "../../dynamic/failure";
import type { Place } from "../place";
import { isOpen } from "../settle";
import {
  accountsOn,
  addUser,
  describe,
  markText,
  ownerOf,
  setPassword,
} from "./accounts";
import type { Work } from "./apply";
import type { SmbSharesInputs } from "./model";
import { act, type Found } from "./server";

/** What the state knows of passwords; a create knows nothing. */
export interface Past {
  passwords: Readonly<Record<string, string>>;
  passwordsSet: Readonly<Record<string, string>>;
}

/** Times of the passwords that stay: of another one nobody knows what it is until it is set. */
export function timesThatStay(
  { passwords: before, passwordsSet }: Past,
  { passwords }: Pick<SmbSharesInputs, "passwords">,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(passwordsSet).filter(
      ([name]) => before[name] === passwords[name],
    ),
  );
}

/** Those that are not there yet. */
export async function addAccounts(
  place: Place,
  {
    inputs,
    found,
    claimed,
    undo,
  }: Pick<Work, "inputs" | "found" | "claimed" | "undo">,
): Promise<void> {
  const { owner, accounts, passwords } = inputs;
  for (const name of accounts) {
    const { user, samba } = found.accounts.get(name) ?? {};
    if (user === undefined) {
      await act(place, addUser(name, owner));
      undo.user(name);
    }
    if (samba) continue;
    undo.account(name);
    await setPassword(place, name, passwords[name] ?? "");
    const isAdopted = claimed.accounts.has(name);
    await act(place, describe(name, markText(owner, isAdopted)));
  }
}

/**
 * What cannot be taken back: an old password is nowhere to be had. So all else
 * is as declared by now, and whoever is to go goes last. Answers when each
 * password was set.
 */
export async function changeAccounts(
  place: Place,
  work: Omit<Work, "undo">,
): Promise<Record<string, string>> {
  const { inputs, found, known, past, record } = work;
  record({
    passwordsSet: timesThatStay(past, inputs),
    // Of accounts that are still to be marked.
    mark: known.owners.at(-1),
  });
  const done: string[] = [];
  try {
    for (const name of inputs.accounts)
      await changeAccount(place, name, work, done);
    await dropAccounts(place, inputs, known.owners, found, done);
  } catch (error) {
    throw reported(error, done);
  }
  return timesOf(place, inputs.accounts);
}

async function changeAccount(
  place: Place,
  name: string,
  {
    inputs: { owner, passwords },
    found,
    claimed,
    past,
  }: Pick<Work, "inputs" | "found" | "claimed" | "past">,
  done: string[],
): Promise<void> {
  const { samba } = found.accounts.get(name) ?? {};
  if (samba === undefined) return;
  const isSame =
    past.passwords[name] === passwords[name] &&
    past.passwordsSet[name] === samba.setAt;
  if (!isSame) {
    await setPassword(place, name, passwords[name] ?? "");
    done.push(`"${name}" has its new password`);
    // To close its shares would not end the session, by which they can be opened again.
    place.operation.tell(
      `account "${name}" on host "${place.machine.name}" has its new password: sessions that were opened with the one before go on until they end ("smbstatus --processes" lists them, "smbcontrol PID shutdown" ends one)`,
    );
  }
  const isAdopted = claimed.accounts.has(name);
  if (samba.owner !== owner || samba.adopted !== isAdopted) {
    await act(place, describe(name, markText(owner, isAdopted)));
    done.push(`"${name}" carries our mark`);
  }
  if (samba.isDisabled) {
    await act(place, ["smbpasswd", "-e", name]);
    done.push(`"${name}" is enabled`);
  }
}

/** The user of the system stays: files in the datasets are his, by number. */
export async function dropAccounts(
  place: Place,
  { accounts }: Pick<SmbSharesInputs, "accounts">,
  owners: readonly string[],
  found: Found,
  done: string[] = [],
): Promise<void> {
  for (const account of found.accounts.values()) {
    const { name, samba } = account;
    if (samba === undefined || accounts.includes(name)) continue;
    if (!owners.includes(ownerOf(account) ?? "")) continue;
    if (samba.adopted) await act(place, describe(name, ""));
    else await act(place, ["smbpasswd", "-x", name]);
    done.push(`"${name}" is ${samba.adopted ? "let go" : "removed"}`);
  }
}

/** With the connection gone the next attempt looks, and goes on. */
function reported(error: unknown, done: readonly string[]): unknown {
  if (isOpen(error)) return error;
  const cause = error instanceof Error ? error.message : String(error);
  const words = done.length > 0 ? done.join(", ") : "none is changed";
  return new UserError(
    `${cause.replace(/\.$/, "")}. Shares and settings are as declared; of the accounts that were there ${words}. The next "pulumi up" does the rest`,
  );
}

async function timesOf(
  place: Place,
  accounts: readonly string[],
): Promise<Record<string, string>> {
  const now = await accountsOn(place, accounts);
  return Object.fromEntries(
    accounts.map((name) => {
      const { samba } = now.get(name) ?? {};
      if (samba) return [name, samba.setAt];
      throw new UserError(
        `account "${name}" is not on host "${place.machine.name}", though smbpasswd said nothing`,
      );
    }),
  );
}
