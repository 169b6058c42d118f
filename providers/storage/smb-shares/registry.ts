import { adoptedSuffix } from "../../dynamic/owner";
import type { Share } from "./model";

/** A section as `net conf list` prints it. */
export interface Section {
  name: string;
  parameters: Map<string, string>;
}

const markKey = "hybrid-site:owner";
const mountpointTool = "/usr/bin/mountpoint --quiet";

/**
 * A share has what smb.conf's [global] says of each parameter that it does not
 * set itself, and these let in or raise more than who is named.
 */
const unwidened = [
  ["admin users", ""],
  ["force user", ""],
  ["read list", ""],
  ["guest only", "no"],
  // Beside it "hosts allow" does not keep out who is on neither list.
  ["hosts deny", ""],
  ["wide links", "no"],
] as const;

/** What Samba keeps of a share; it hands keys with a colon through. */
export function parametersOf(
  share: Share,
  owner: string,
  adopted: boolean,
): Map<string, string> {
  const { path, clients, readers = [], writers = [], guests } = share;
  const { comment, mountpoint = path, directory } = share;
  const yes = (value: boolean) => (value ? "yes" : "no");
  return new Map([
    [markKey, `${owner}${adopted ? adoptedSuffix : ""}`],
    ["path", path],
    ...one("comment", comment),
    ["read only", yes(guests !== "rw")],
    ["guest ok", yes(guests !== undefined)],
    ...one(
      "valid users",
      guests ? undefined : [...writers, ...readers].join(" "),
    ),
    ["write list", writers.join(" ")],
    ["hosts allow", clients.join(" ")],
    ["force group", directory?.group ?? ""],
    ...unwidened,
    ...(directory === undefined
      ? []
      : ([
          ["create mask", "0660"],
          ["directory mask", "2770"],
        ] as const)),
    // Without its dataset the path is a folder of the disk below.
    ["root preexec", `${mountpointTool} ${mountpoint}`],
    ["root preexec close", "yes"],
  ]);
}

function one(key: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[key, value]];
}

/** The share that makes such parameters, as far as one does; `declared` is of the name. */
export function shareOf(
  { name, parameters }: Section,
  declared: Share | undefined,
): Share {
  const list = (key: string) =>
    (parameters.get(key) ?? "").split(/[\s,]+/).filter(Boolean);
  const path = parameters.get("path") ?? "";
  const writers = list("write list");
  const readers = list("valid users").filter((user) => !writers.includes(user));
  const isOpen = parameters.get("guest ok") === "yes";
  const isWritable = parameters.get("read only") === "no";
  const [, mounted] =
    /^\/usr\/bin\/mountpoint --quiet (\S+)$/.exec(
      parameters.get("root preexec") ?? "",
    ) ?? [];
  const group = parameters.get("force group") || undefined;
  /** What was left out and is empty stays left out. */
  const kept = (key: "readers" | "writers", found: string[]) =>
    found.length > 0 || declared?.[key] ? { [key]: found } : {};
  const isSaid = declared?.mountpoint !== undefined || mounted !== path;
  return {
    name,
    path,
    dataset: declared?.dataset ?? "",
    clients: list("hosts allow"),
    ...kept("readers", readers),
    ...kept("writers", writers),
    ...(isOpen && { guests: isWritable ? "rw" : "ro" }),
    ...(parameters.has("comment") && { comment: parameters.get("comment") }),
    ...(isSaid && { mountpoint: mounted ?? "/" }),
    ...(group !== undefined && {
      directory: { owner: "", mode: "", ...declared?.directory, group },
    }),
  };
}

export function markOf({ parameters }: Section): {
  owner?: string;
  adopted: boolean;
} {
  const mark = parameters.get(markKey);
  return {
    owner: mark?.replace(adoptedSuffix, ""),
    adopted: mark?.endsWith(adoptedSuffix) ?? false,
  };
}

/** What clients have of it. */
export function unmarked({ name, parameters }: Section): Section {
  const rest = [...parameters].filter(([key]) => key !== markKey);
  return { name, parameters: new Map(rest) };
}

export const withdrawMark = (name: string) =>
  ["net", "conf", "delparm", name, markKey] as const;

export function parseSections(text: string): Section[] {
  const sections: Section[] = [];
  for (const line of text.split("\n")) {
    const [, name] = /^\[(.*)\]$/.exec(line) ?? [];
    if (name !== undefined) sections.push({ name, parameters: new Map() });
    const [, key, value = ""] = /^\t(.+?) = (.*)$/.exec(line) ?? [];
    if (key !== undefined) sections.at(-1)?.parameters.set(key, value);
  }
  return sections;
}

export function renderSection({ name, parameters }: Section): string {
  const lines = [...parameters].map(([key, value]) => `\t${key} = ${value}\n`);
  return `[${name}]\n${lines.join("")}`;
}

/** Order means nothing to Samba. */
export function isSame(left: Section, right: Section): boolean {
  return (
    left.name === right.name &&
    left.parameters.size === right.parameters.size &&
    [...left.parameters].every(
      ([key, value]) => right.parameters.get(key) === value,
    )
  );
}

export function find(
  sections: readonly Section[],
  name: string,
): Section | undefined {
  return sections.find(
    (section) => section.name.toLowerCase() === name.toLowerCase(),
  );
}
