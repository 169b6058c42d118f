import { createHash, randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import type { Call, Tool } from "../tool";
import type { HostWorld } from "../world";
import { userOf } from "./users";

/** An entry of passdb.tdb. */
export interface Account {
  name: string;
  description: string;
  isDisabled: boolean;
  /** Not the password: salted, and hashed. */
  digest: string;
  salt: string;
  /** Seconds. */
  setAt: number;
}

export function accountsOf(world: HostWorld): Account[] {
  return world.load<{ accounts: Account[] }>("passdb", { accounts: [] })
    .accounts;
}

function save(world: HostWorld, accounts: Account[]): void {
  world.save("passdb", { accounts });
}

const digest = (salt: string, password: string) =>
  createHash("sha256").update(`${salt} ${password}`).digest("hex");

export function opens(account: Account, password: string): boolean {
  return (
    !account.isDisabled && account.digest === digest(account.salt, password)
  );
}

function fail({ stderr }: Call, line: string, code = 1): number {
  stderr.write(`${line}\n`);
  return code;
}

const smbpasswd: Tool = async (call) => {
  const { words, world, stdout } = call;
  const letters = new Set(
    words
      .filter((word) => word.startsWith("-"))
      .flatMap((word) => [...word.slice(1)]),
  );
  const unknown = [...letters].find((letter) => !"saedx".includes(letter));
  const names = words.filter((word) => !word.startsWith("-"));
  const [name] = names;
  if (
    unknown ||
    name === undefined ||
    names.length > 1 ||
    call.user !== "root"
  ) {
    stdout.write(
      "When run by root:\n    smbpasswd [options] [username]\notherwise:\n    smbpasswd [options]\n",
    );
    return 1;
  }
  const accounts = accountsOf(world);
  const there = accounts.find((account) => account.name === name);
  const missing = () => fail(call, `Failed to find entry for user ${name}.`);
  if (letters.has("x")) {
    if (there === undefined) return missing();
    save(
      world,
      accounts.filter((account) => account !== there),
    );
    stdout.write(`Deleted user ${name}.\n`);
    return 0;
  }
  if (letters.has("d") || letters.has("e")) {
    if (there === undefined) return missing();
    there.isDisabled = letters.has("d");
    save(world, accounts);
    stdout.write(
      `${there.isDisabled ? "Disabled" : "Enabled"} user ${name}.\n`,
    );
    return 0;
  }
  // Without -s it asks a terminal, which nobody has here.
  const lines = letters.has("s") ? (await text(call.stdin)).split("\n") : [];
  if (lines.length < 3) return fail(call, "Unable to get new password.");
  const [password = "", again] = lines;
  if (password !== again)
    return fail(
      call,
      "Mismatch - password unchanged.\nUnable to get new password.",
    );
  if (there === undefined && !letters.has("a")) return missing();
  if (there === undefined && userOf(world, name) === undefined)
    return fail(call, `Failed to add entry for user ${name}.`);
  const salt = randomBytes(8).toString("hex");
  const secret = {
    salt,
    digest: digest(salt, password),
    setAt: Math.floor(Date.now() / 1_000),
  };
  if (there) Object.assign(there, secret);
  else {
    accounts.push({ name, description: "", isDisabled: false, ...secret });
    stdout.write(`Added user ${name}.\n`);
  }
  save(world, accounts);
  return 0;
};

const pdbedit: Tool = (call) => {
  const { words, world, stdout } = call;
  if (call.user !== "root")
    return fail(
      call,
      "tdbsam_open: Failed to open/create TDB passwd [/var/lib/samba/private/passdb.tdb]\nUser Search failed!",
    );
  const given = new Map<string, string>();
  for (const word of words) {
    const [, flag = "", value] = /^(--[a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (
      !["--list", "--verbose", "--user", "--modify", "--account-desc"].includes(
        flag,
      )
    )
      return fail(call, `\nInvalid option ${word}: unknown option\n`);
    given.set(flag, value ?? "");
  }
  const accounts = accountsOf(world);
  const name = given.get("--user");
  const chosen = accounts.filter(
    (account) => name === undefined || account.name === name,
  );
  if (name !== undefined && chosen.length === 0)
    return fail(call, "Username not found!", 255);
  if (given.has("--modify")) {
    const [account] = chosen;
    if (account === undefined || name === undefined) return 1;
    account.description = given.get("--account-desc") ?? account.description;
    save(world, accounts);
    stdout.write(verbose(world, account));
    return 0;
  }
  if (!given.has("--list")) return 1;
  for (const account of chosen) {
    const { uid = 0, comment = "" } = userOf(world, account.name) ?? {};
    if (given.has("--verbose"))
      stdout.write(
        `${name === undefined ? "---------------\n" : ""}${verbose(world, account)}`,
      );
    else stdout.write(`${account.name}:${uid}:${comment}\n`);
  }
  return 0;
};

function verbose(world: HostWorld, account: Account): string {
  const server = world.name.toUpperCase().slice(0, 15);
  const set = new Date(account.setAt * 1_000)
    .toUTCString()
    .replace("GMT", "UTC");
  const rows = [
    ["Unix username:", account.name],
    ["NT username:", ""],
    ["Account Flags:", account.isDisabled ? "[DU         ]" : "[U          ]"],
    ["Full Name:", userOf(world, account.name)?.comment ?? ""],
    ["Home Directory:", `\\\\${server}\\${account.name}`],
    ["Domain:", server],
    ["Account desc:", account.description],
    ["Logon time:", "0"],
    ["Password last set:", set],
    ["Password can change:", set],
    ["Password must change:", "never"],
  ];
  return rows
    .map(([key = "", value]) => `${key.padEnd(22)}${value}\n`)
    .join("");
}

export const tools: Record<string, Tool> = { smbpasswd, pdbedit };
