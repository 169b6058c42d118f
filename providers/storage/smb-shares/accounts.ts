import { adoptedSuffix } from "../../dynamic/owner";
import type { Words } from "../../host/client/machine";
import type { Place } from "../place";

/** What a host has of a name. */
export interface Account {
  name: string;
  /** Undefined: the system has no such user. */
  user?: { owner?: string };
  /** Undefined: Samba has no such account. */
  samba?: {
    owner?: string;
    adopted: boolean;
    isDisabled: boolean;
    /** When its password was set, in the host's own words and time zone. */
    setAt: string;
  };
}

const mark = /^hybrid-site owner=(\S+)$/;

function markIn(text: string): { owner?: string; adopted: boolean } {
  const [, found] = mark.exec(text.trim()) ?? [];
  return {
    owner: found?.replace(adoptedSuffix, ""),
    adopted: found?.endsWith(adoptedSuffix) ?? false,
  };
}

/** Of these names, and all others that Samba has. */
export async function accountsOn(
  { machine, signal }: Place,
  names: readonly string[],
): Promise<Map<string, Account>> {
  const found = new Map(
    names.map((name): [string, Account] => [name, { name }]),
  );
  const listed = await machine.run(["pdbedit", "--list", "--verbose"], {
    signal,
    looks: true,
  });
  for (const text of listed.stdout.split(/^-+$/m)) {
    const value = (key: string) =>
      new RegExp(`^${key}: *(.*)$`, "m").exec(text)?.[1] ?? "";
    const name = value("Unix username");
    if (name === "") continue;
    found.set(name, {
      name,
      samba: {
        ...markIn(value("Account desc")),
        isDisabled: /D/.test(value("Account Flags")),
        setAt: value("Password last set"),
      },
    });
  }
  if (found.size === 0) return found;
  const { stdout } = await machine.run(["getent", "passwd", ...found.keys()], {
    signal,
    looks: true,
    codes: [0, 2],
  });
  for (const line of stdout.split("\n").filter(Boolean)) {
    const [name = "", , , , comment = ""] = line.split(":");
    const account = found.get(name);
    if (account) account.user = { owner: markIn(comment).owner };
  }
  return found;
}

/** Whose it is; of one that was made halfway the user says so. */
export function ownerOf({ user, samba }: Account): string | undefined {
  return samba?.owner ?? user?.owner;
}

export const addUser = (name: string, owner: string): Words => [
  "useradd",
  "--system",
  "--no-create-home",
  "--home-dir",
  "/nonexistent",
  "--shell",
  "/usr/sbin/nologin",
  "--gid",
  // Of every Debian, with one number on all: files outlive accounts.
  "users",
  "--comment",
  `hybrid-site owner=${owner}`,
  name,
];

/** By standard input: arguments are everybody's to read. */
export async function setPassword(
  { machine, signal, operation }: Place,
  name: string,
  password: string,
): Promise<void> {
  await operation.beforeWrite();
  const stdin = `${password}\n${password}\n`;
  await machine.run(["smbpasswd", "-s", "-a", name], { signal, stdin });
}

export const describe = (name: string, text: string): Words => [
  "pdbedit",
  "--modify",
  `--user=${name}`,
  `--account-desc=${text}`,
];

export const markText = (owner: string, adopted: boolean) =>
  `hybrid-site owner=${owner}${adopted ? adoptedSuffix : ""}`;
