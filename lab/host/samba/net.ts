import { existsSync, readFileSync } from "node:fs";
import type { Call, Tool } from "../tool";
import { parameterOf } from "./parameters";
import { find, loadRegistry, ordered, saveRegistry, store } from "./registry";
import { isSame, parseConfiguration, type Section } from "./smb-conf";

/** Whatever goes wrong, `net` ends with -1. */
const failed = 255;

type Verb = (call: Call, words: readonly string[]) => number;

export const net: Tool = (call) => {
  const [system, verb = "", ...words] = call.words;
  if (system !== "conf") {
    call.stderr.write(`Invalid command: net ${system ?? ""}\n`);
    return failed;
  }
  const act = verbs[verb];
  if (act === undefined) {
    call.stdout.write(`Usage:\n${overview}\n`);
    return failed;
  }
  if (call.user !== "root") {
    call.stderr.write(
      "Failed to initialize the registry: WERR_ACCESS_DENIED\n",
    );
    return failed;
  }
  return act(call, words);
};

const overview = [
  ["list", "Dump the complete configuration in smb.conf like format."],
  ["import", "Import configuration from file in smb.conf format."],
  ["listshares", "List the share names."],
  ["drop", "Delete the complete configuration."],
  ["showshare", "Show the definition of a share."],
  ["addshare", "Create a new share."],
  ["delshare", "Delete a share."],
  ["setparm", "Store a parameter."],
  ["getparm", "Retrieve the value of a parameter."],
  ["delparm", "Delete a parameter."],
]
  .map(([name = "", what]) => `net conf ${name.padEnd(15)} ${what}`)
  .join("\n");

function usage(call: Call, text: string): number {
  call.stdout.write(`Usage:${text.includes("\n") ? "\n " : ""} ${text}\n`);
  return failed;
}

function complain(call: Call, text: string): number {
  call.stderr.write(`${text}\n`);
  return failed;
}

function answer(call: Call, text: string): number {
  call.stdout.write(`${text}\n`);
  return failed;
}

const text = ({ name, parameters }: Section) =>
  [`[${name}]`, ...parameters.map(([key, value]) => `\t${key} = ${value}`)]
    .map((line) => `${line}\n`)
    .join("");

const list: Verb = (call, words) => {
  if (words.length > 0) return usage(call, "net conf list");
  for (const section of ordered(loadRegistry(call.world)))
    call.stdout.write(`${text(section)}\n`);
  return 0;
};

const listshares: Verb = (call, words) => {
  if (words.length > 0) return usage(call, "net conf listshares");
  for (const { name } of ordered(loadRegistry(call.world)))
    call.stdout.write(`${name}\n`);
  return 0;
};

const showshare: Verb = (call, words) => {
  const [name] = words;
  if (name === undefined || words.length > 1)
    return usage(call, "net conf showshare <sharename>\n");
  const section = find(loadRegistry(call.world), name);
  if (section === undefined)
    return answer(
      call,
      "error getting share parameters: SBC_ERR_NO_SUCH_SERVICE",
    );
  call.stdout.write(text(section));
  return 0;
};

const addshare: Verb = (call, words) => {
  const [name, path, writeable = "n", guest = "n", comment] = words;
  const isFlag = (word: string) =>
    /^(?:writeable|guest_ok)?=?[yn]$/i.test(word);
  if (
    name === undefined ||
    path === undefined ||
    words.length > 5 ||
    !isFlag(writeable) ||
    !isFlag(guest)
  )
    return usage(
      call,
      "net conf addshare <sharename> <path> [writeable={y|N} [guest_ok={y|N} [<comment>]]]\n",
    );
  if (/[%<>*?|/\\+=;:",]/.test(name))
    return complain(
      call,
      `ERROR: share name ${name} contains invalid characters (any of %<>*?|/\\+=;:",)`,
    );
  if (isSame(name, "global"))
    return complain(call, "ERROR: 'global' is not a valid share name.");
  const sections = loadRegistry(call.world);
  if (find(sections, name))
    return complain(call, `ERROR: share ${name} already exists.`);
  if (!path.startsWith("/"))
    return complain(call, `Error: path '${path}' is not an absolute path.`);
  const isYes = (word: string) => /y$/i.test(word);
  sections.push({
    name,
    parameters: [
      ["path", path],
      ...(comment === undefined
        ? []
        : [["comment", comment] as [string, string]]),
      ["guest ok", isYes(guest) ? "yes" : "no"],
      ["read only", isYes(writeable) ? "no" : "yes"],
    ],
  });
  saveRegistry(call.world, sections);
  return 0;
};

const delshare: Verb = (call, words) => {
  const [name] = words;
  if (name === undefined || words.length > 1)
    return usage(call, "net conf delshare <sharename>\n");
  const sections = loadRegistry(call.world);
  const section = find(sections, name);
  if (section === undefined)
    return complain(
      call,
      `Error deleting share ${name}: SBC_ERR_NO_SUCH_SERVICE`,
    );
  saveRegistry(
    call.world,
    sections.filter((other) => other !== section),
  );
  // A share that nobody gave rights of its own: said, and no failure.
  call.stderr.write(
    `delete_share_security: Failed to delete entry for share ${name.toLowerCase()}: NT_STATUS_NOT_FOUND\n`,
  );
  return 0;
};

const setparm: Verb = (call, words) => {
  const [share, key, value] = words;
  if (
    share === undefined ||
    key === undefined ||
    value === undefined ||
    words.length > 3
  )
    return usage(call, "net conf setparm <section> <param> <value>\n");
  const sections = loadRegistry(call.world);
  const section = find(sections, share) ?? { name: share, parameters: [] };
  switch (store(section, key, value)) {
    case "unknown":
      call.stderr.write(`Unknown parameter encountered: "${key}"\n`);
      return complain(call, `Invalid parameter '${key}' given.`);
    case "global":
      return complain(
        call,
        `Global parameter '${key}' not allowed in service definition ('${share}').`,
      );
    case "invalid":
      return complain(
        call,
        `invalid value '${value}' given for parameter '${key}'`,
      );
  }
  if (!sections.includes(section)) sections.push(section);
  saveRegistry(call.world, sections);
  return 0;
};

const parameterIn = (section: Section, key: string) => {
  const name = parameterOf(key)?.name ?? key;
  return section.parameters.find(([other]) => isSame(other, name));
};

const getparm: Verb = (call, words) => {
  const [share, key] = words;
  if (share === undefined || key === undefined || words.length > 2)
    return usage(call, "net conf getparm <section> <param>\n");
  const section = find(loadRegistry(call.world), share);
  if (section === undefined)
    return complain(call, `Error: given service '${share}' does not exist.`);
  const found = parameterIn(section, key);
  if (found === undefined) {
    if (!key.includes(":") && parameterOf(key) === undefined)
      call.stderr.write(`Unknown parameter encountered: "${key}"\n`);
    return complain(call, `Error: given parameter '${key}' is not set.`);
  }
  call.stdout.write(`${found[1]}\n`);
  return 0;
};

const delparm: Verb = (call, words) => {
  const [share, key] = words;
  if (share === undefined || key === undefined || words.length > 2)
    return usage(call, "net conf delparm <section> <param>\n");
  const sections = loadRegistry(call.world);
  const section = find(sections, share);
  if (section === undefined)
    return complain(call, `Error: given service '${share}' does not exist.`);
  const found = parameterIn(section, key);
  // One that is not set is taken away all the same.
  section.parameters = section.parameters.filter((item) => item !== found);
  saveRegistry(call.world, sections);
  return 0;
};

const drop: Verb = (call, words) => {
  if (words.length > 0) return usage(call, "net conf drop");
  saveRegistry(call.world, []);
  return 0;
};

/** All of it or nothing: what is there under the name goes first. */
const importing: Verb = (call, words) => {
  const isTrial = words.some((word) => word === "-T" || word === "--test");
  const [file, only, ...rest] = words.filter((word) => !word.startsWith("-"));
  if (file === undefined || rest.length > 0)
    return usage(
      call,
      "net conf import [--test|-T] <filename> [<servicename>]\n\t[--test|-T]    testmode - do not act, just print what would be done\n\t<servicename>  only import service <servicename>, ignore the rest\n",
    );
  const path = call.world.path(file);
  if (!existsSync(path))
    return answer(call, `error loading file '${file}': SBC_ERR_BADFILE`);
  const parsed = parseConfiguration(readFileSync(path, "utf8"));
  if (parsed === undefined)
    return answer(
      call,
      `error loading file '${file}': SBC_ERR_CAN_NOT_COMPLETE`,
    );
  const wanted = parsed.filter(({ name }) => !only || isSame(name, only));
  if (only && wanted.length === 0) return failed;
  if (isTrial) {
    call.stdout.write(
      `\nTEST MODE - would import the following configuration:\n\n${wanted.map((section) => `${text(section)}\n`).join("")}`,
    );
    return 0;
  }
  let sections = only ? loadRegistry(call.world) : [];
  for (const { name, parameters } of wanted) {
    const made: Section = { name: only ?? name, parameters: [] };
    for (const [key, value] of parameters) {
      const refusal = store(made, key, value);
      if (refusal === undefined) continue;
      if (refusal === "unknown")
        call.stderr.write(`Unknown parameter encountered: "${key}"\n`);
      return answer(
        call,
        `error importing service ${made.name}: SBC_ERR_INVALID_PARAM`,
      );
    }
    sections = sections.filter((other) => !isSame(other.name, made.name));
    sections.push(made);
  }
  saveRegistry(call.world, sections);
  return 0;
};

const verbs: Readonly<Record<string, Verb>> = {
  list,
  listshares,
  showshare,
  addshare,
  delshare,
  setparm,
  getparm,
  delparm,
  drop,
  import: importing,
};
