import { globalParameters } from "./global-parameters";
import { shareParameters } from "./share-parameters";
import { synonyms } from "./synonyms";

export interface Parameter {
  name: string;
  /** "bool", "enum", "string", ... */
  type: string;
  /** What an enum takes. */
  words: readonly string[];
  isGlobal: boolean;
  isDeprecated: boolean;
  default: string;
}

export interface Named extends Parameter {
  /** The name that was used means the opposite. */
  isInverse: boolean;
}

/** Samba ignores case and space in names. */
const plain = (name: string) => name.toLowerCase().replaceAll(/\s+/g, "");

function read(table: string, isGlobal: boolean): [string, Parameter][] {
  return table
    .trim()
    .split("\n")
    .map((row) => {
      const [, name = "", type = "", words, mark, fallback = ""] =
        /^([^|]+)\|(\w+)(?:\((.*?)\))?(!)?(?:\|(.*))?$/.exec(row) ?? [];
      const parameter: Parameter = {
        name,
        type,
        words: words?.split("|") ?? [],
        isGlobal,
        isDeprecated: mark === "!",
        default: fallback,
      };
      return [plain(name), parameter];
    });
}

const known = new Map([
  ...read(globalParameters, true),
  ...read(shareParameters, false),
]);

const others = new Map(
  synonyms
    .trim()
    .split("\n")
    .map((row) => {
      const [name = "", meant = "", inverse] = row.split("|");
      return [plain(name), { meant, isInverse: inverse === "inverse" }];
    }),
);

export function parameterOf(name: string): Named | undefined {
  const other = others.get(plain(name));
  const found = known.get(plain(other?.meant ?? name));
  return found && { ...found, isInverse: other?.isInverse ?? false };
}

/** "vendor:option": Samba keeps it and asks nobody. */
export const isParametric = (name: string) => name.includes(":");

const yes = ["yes", "true", "on", "1"];
const no = ["no", "false", "off", "0"];

export function truth(value: string): boolean | undefined {
  const word = value.toLowerCase();
  if (yes.includes(word)) return true;
  return no.includes(word) ? false : undefined;
}

/** As strict as a registry is; files of smb.conf take any number for one. */
export function isValid({ type, words }: Parameter, value: string): boolean {
  switch (type) {
    case "bool":
      return truth(value) !== undefined;
    case "enum":
      return words.some((word) => word.toLowerCase() === value.toLowerCase());
    case "integer":
      return /^-?\d/.test(value);
    case "bytes":
      return isBytes(value);
    case "octal":
      return /^\d/.test(value);
    default:
      return true;
  }
}

export const isBytes = (value: string) => /^\d+[kmgtp]?b?$/i.test(value);

/** As testparm shows it. */
export function shown({ type }: Parameter, value: string): string {
  if (type === "bool") return truth(value) ? "Yes" : "No";
  if (type === "octal") {
    const digits = /^[0-7]*/.exec(value)?.[0] ?? "";
    const number = Number.parseInt(digits || "0", 8);
    return `0${number.toString(8).padStart(3, "0")}`;
  }
  if (type === "cmdlist" || type === "list")
    return value
      .split(/[\s,;]+/)
      .filter(Boolean)
      .join(" ");
  if (type === "ustring") return value.toUpperCase();
  return value;
}
