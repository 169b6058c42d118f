import { z } from "zod";
import type { Marked } from "../../dynamic/mark";
import { listenProblem } from "../addresses";
import { clientProblem } from "../nfs-exports/clients";

const path = /^(\/[A-Za-z0-9_.:-]+)+$/;
/** As useradd takes it, and without what Samba's lists give a meaning. */
const account = /^[a-z_][a-z0-9_-]{0,31}$/;
const shareName = /^[a-z0-9][a-z0-9_-]{0,62}$/i;
/** Sections that are no directories of ours to share. */
const reserved = ["global", "homes", "printers", "print", "ipc"];
const shortest = 8;
/** What smbpasswd reads as one line. */
const longest = 127;

const rights = z.strictObject({
  owner: z.string(),
  group: z.string(),
  /** "2770" */
  mode: z.string(),
});

const share = z.strictObject({
  name: z.string(),
  path: z.string(),
  /** What has to be mounted there ("pool/path"), or nobody is let in. */
  dataset: z.string(),
  /** Addresses and networks that may connect; others are refused. */
  clients: z.array(z.string()),
  /** Accounts that may read. */
  readers: z.array(z.string()).optional(),
  /** Accounts that may read and write. */
  writers: z.array(z.string()).optional(),
  /** What those without a name may do; left out: nothing. */
  guests: z.enum(["ro", "rw"]).optional(),
  comment: z.string().optional(),
  /** Where the dataset is mounted, if above the path. */
  mountpoint: z.string().optional(),
  /**
   * Of the directory itself, not of what is in it. All who connect act with
   * its group; left out: the directory stays as it is, and they with their own.
   */
  directory: rights.optional(),
});

export type Share = z.output<typeof share>;

/** What a host may have, too: there the rules below can be broken. */
const shape = z.strictObject({
  /** "<site id>/<kind>/<name>", by formatOwner. */
  owner: z.string(),
  /** Key of the endpoint and credential in hybrid-site:endpoints and :credentials. */
  host: z.string(),
  name: z.string(),
  /** The host's own addresses that smbd listens on beside 127.0.0.1, and on no others. */
  interfaces: z.array(z.string()),
  /** Who may log in; each is a user of the system without a shell. */
  accounts: z.array(z.string()),
  /** By account. Secret; what the host has cannot be read, only when it was set. */
  passwords: z.record(z.string(), z.string()),
  shares: z.array(share),
  /** Takes over shares and accounts of these names that are there; deletion lets them go. */
  adopt: z.boolean().optional(),
  /** In seconds; left out: 120, to read 60. */
  timeouts: z
    .strictObject({
      create: z.int().min(1).optional(),
      read: z.int().min(1).optional(),
      update: z.int().min(1).optional(),
      delete: z.int().min(1).optional(),
    })
    .optional(),
});

export type SmbSharesInputs = z.output<typeof shape>;

export function parse(inputs: unknown): SmbSharesInputs {
  return shape.parse(inputs);
}

export interface SmbSharesOutputs extends Marked {
  /** When each account's password was set last, as the host says it. */
  passwordsSet: Record<string, string>;
}

type Report = (at: (string | number)[], message: string) => void;

export const schema = shape.superRefine((inputs, context) => {
  const problem: Report = (at, message) =>
    context.addIssue({ code: "custom", path: at, message });
  if (!/^[a-z0-9][a-z0-9_.-]*$/i.test(inputs.name))
    problem(["name"], "must be letters, digits, dots, hyphens and underscores");
  addresses(inputs, problem);
  accounts(inputs, problem);
  if (inputs.shares.length === 0) problem(["shares"], "must not be empty");
  const names = inputs.shares.map(({ name }) => name.toLowerCase());
  for (const [index, item] of inputs.shares.entries()) {
    const at: Report = (rest, message) =>
      problem(["shares", index, ...rest], message);
    if (names.indexOf(item.name.toLowerCase()) !== index)
      at(["name"], `${item.name} is there twice: Samba knows no case`);
    place(item, at);
    people(item, inputs.accounts, at);
  }
});

function addresses({ interfaces }: SmbSharesInputs, problem: Report): void {
  if (interfaces.length === 0) problem(["interfaces"], "must not be empty");
  for (const [index, address] of interfaces.entries()) {
    const wrong = listenProblem(address);
    if (wrong) problem(["interfaces", index], wrong);
  }
}

function accounts(
  { accounts: all, passwords }: SmbSharesInputs,
  problem: Report,
): void {
  for (const [index, name] of all.entries()) {
    if (!account.test(name) || name === "root" || name === "nobody")
      problem(
        ["accounts", index],
        "must be a letter, then letters, digits, - and _ in lower case, 32 at most, and neither root nor nobody",
      );
    if (all.indexOf(name) !== index)
      problem(["accounts", index], `${name} is there twice`);
    if (passwords[name] === undefined)
      problem(["passwords"], `must have one for account ${name}`);
  }
  // Never with the value in the message.
  for (const [name, password] of Object.entries(passwords)) {
    const bytes = Buffer.byteLength(password);
    if (!all.includes(name))
      problem(["passwords", name], "is of no account that is declared");
    if (bytes < shortest || bytes > longest || /\p{Cc}/u.test(password))
      problem(
        ["passwords", name],
        `must be ${shortest} to ${longest} bytes without control characters`,
      );
  }
}

function place(item: Share, problem: Report): void {
  const { name, clients, comment, mountpoint, directory } = item;
  if (!shareName.test(name) || reserved.includes(name.toLowerCase()))
    problem(
      ["name"],
      "must be letters, digits, - and _, a letter or digit first, and none of Samba's own sections",
    );
  for (const key of ["path", "mountpoint"] as const)
    if (item[key] !== undefined && !path.test(item[key]))
      problem([key], "must be an absolute path of letters, digits and _ . : -");
  if (mountpoint && !`${item.path}/`.startsWith(`${mountpoint}/`))
    problem(["mountpoint"], `must be ${item.path} or lie above it`);
  if (clients.length === 0)
    problem(["clients"], "must not be empty: Samba would let everybody in");
  for (const [index, client] of clients.entries()) {
    const wrong = clientProblem(client);
    if (wrong) problem(["clients", index], wrong);
  }
  if (comment !== undefined && !/^[ !#-$&-[\]-~]{1,80}$/.test(comment))
    problem(["comment"], 'must be 1 to 80 plain characters without % " and \\');
  if (comment !== comment?.trim())
    problem(["comment"], "must not begin or end with a space");
  if (directory === undefined) return;
  for (const key of ["owner", "group"] as const)
    if (!/^[a-z_][a-z0-9_-]*$/.test(directory[key]))
      problem(["directory", key], "must be a name as chown takes it");
  if (!/^[0-7]{4}$/.test(directory.mode))
    problem(["directory", "mode"], 'must be four digits, like "2770"');
}

function people(item: Share, known: readonly string[], problem: Report): void {
  const { readers = [], writers = [], guests } = item;
  for (const key of ["readers", "writers"] as const)
    for (const [index, name] of (item[key] ?? []).entries())
      if (!known.includes(name))
        problem([key, index], `${name} is none of the accounts`);
  const both = [...writers, ...readers];
  const twice = both.find((name, index) => both.indexOf(name) !== index);
  if (twice) problem(["readers"], `${twice} is named twice`);
  if (guests === undefined && both.length === 0)
    problem(["readers"], "names nobody: Samba would let every account in");
  if (guests !== undefined && readers.length > 0)
    problem(["readers"], "everybody reads: guests may");
  if (guests === "rw" && writers.length > 0)
    problem(["writers"], "everybody writes: guests may");
}
