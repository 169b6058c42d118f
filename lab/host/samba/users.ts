import { existsSync, readFileSync } from "node:fs";
import type { Tool } from "../tool";
import type { HostWorld } from "../world";

/** A line of /etc/passwd. */
export interface User {
  name: string;
  uid: number;
  gid: number;
  comment: string;
  home: string;
  shell: string;
}

const shipped: User[] = [
  {
    name: "root",
    uid: 0,
    gid: 0,
    comment: "root",
    home: "/root",
    shell: "/bin/bash",
  },
  {
    name: "games",
    uid: 5,
    gid: 60,
    comment: "games",
    home: "/usr/games",
    shell: "/usr/sbin/nologin",
  },
  {
    name: "nobody",
    uid: 65_534,
    gid: 65_534,
    comment: "nobody",
    home: "/nonexistent",
    shell: "/usr/sbin/nologin",
  },
];

/** Of Debian's base-passwd. */
const groups: Readonly<Record<string, number>> = {
  root: 0,
  games: 60,
  users: 100,
  nogroup: 65_534,
};

const lastSystemId = 999;

const file = "/etc/passwd";

const lineOf = ({ name, uid, gid, comment, home, shell }: User) =>
  `${[name, "x", uid, gid, comment, home, shell].join(":")}\n`;

export function usersOf(world: HostWorld): User[] {
  const path = world.path(file);
  if (!existsSync(path)) return shipped;
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => {
    const [name = "", , uid, gid, comment = "", home = "", shell = ""] =
      line.split(":");
    return { name, uid: Number(uid), gid: Number(gid), comment, home, shell };
  });
}

export function userOf(world: HostWorld, name: string): User | undefined {
  return usersOf(world).find((user) => user.name === name);
}

const getent: Tool = ({ words, world, stdout, stderr }) => {
  const [database, ...names] = words;
  if (database !== "passwd") {
    stderr.write(
      `Unknown database: ${database ?? ""}\nTry \`getent --help' or \`getent --usage' for more information.\n`,
    );
    return 1;
  }
  const all = usersOf(world);
  const found =
    names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  for (const user of found) stdout.write(lineOf(user));
  return found.length < names.length ? 2 : 0;
};

const useradd: Tool = ({ words, world, user, stderr }) => {
  const fail = (code: number, text: string) => {
    stderr.write(`useradd: ${text}\n`);
    return code;
  };
  const given: Record<string, string> = {};
  const names: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const value = valued.includes(word) ? rest.shift() : undefined;
    if (value !== undefined) given[word] = value;
    else if (!word.startsWith("-")) names.push(word);
    else if (!plain.includes(word))
      return fail(2, `unrecognized option '${word}'`);
  }
  const [name] = names;
  if (name === undefined || names.length > 1) return fail(2, "usage");
  if (!/^[a-z_][a-z0-9_-]*\$?$/.test(name) || name.length > 32)
    return fail(3, `invalid user name '${name}': use --badname to ignore`);
  const { "--comment": comment = "", "--gid": group } = given;
  if (/[:\n]/.test(comment)) return fail(3, `invalid comment '${comment}'`);
  const gid = group === undefined ? undefined : groups[group];
  if (group !== undefined && gid === undefined)
    return fail(6, `group '${group}' does not exist`);
  if (userOf(world, name)) return fail(9, `user '${name}' already exists`);
  if (user !== "root") {
    stderr.write(
      "useradd: Permission denied.\nuseradd: cannot lock /etc/passwd; try again later.\n",
    );
    return 1;
  }
  const users = [...usersOf(world)];
  const isTaken = (id: number) => users.some(({ uid }) => uid === id);
  let uid = lastSystemId;
  while (isTaken(uid)) uid -= 1;
  users.push({
    name,
    uid,
    gid: gid ?? uid,
    comment,
    home: given["--home-dir"] ?? `/home/${name}`,
    shell: given["--shell"] ?? "/bin/sh",
  });
  world.put(file, users.map(lineOf).join(""));
  return 0;
};

const valued = ["--comment", "--gid", "--home-dir", "--shell"];
const plain = ["--system", "--no-create-home", "--no-user-group"];

export const tools: Record<string, Tool> = { getent, useradd };
