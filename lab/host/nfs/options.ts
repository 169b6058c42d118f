/** How one client may use one directory. */
export interface Options {
  /** What `sec=` begins, or the one section without it. */
  sections: Section[];
  readOnly: boolean;
  rootSquash: boolean;
  allSquash: boolean;
  async: boolean;
  gathers: boolean;
  noHide: boolean;
  crossMount: boolean;
  insecure: boolean;
  noSubtreeCheck: boolean;
  /** Whether the option was written at all. */
  saysSubtreeCheck: boolean;
  insecureLocks: boolean;
  noAcl: boolean;
  securityLabel: boolean;
  pnfs: boolean;
  fsid?: string;
  /** Empty: the exported path itself. */
  mountpoint?: string;
  refer?: string;
  anonUid: number;
  anonGid: number;
}

interface Section {
  flavours: string;
  readOnly: boolean;
  rootSquash: boolean;
  allSquash: boolean;
}

export class BadOption extends Error {}

const flavours = ["sys", "none", "krb5", "krb5i", "krb5p"];

type Flag = Exclude<
  keyof Options,
  "sections" | "fsid" | "mountpoint" | "refer" | "anonUid" | "anonGid"
>;

const words: Record<string, [Flag, boolean]> = {
  ro: ["readOnly", true],
  rw: ["readOnly", false],
  root_squash: ["rootSquash", true],
  no_root_squash: ["rootSquash", false],
  all_squash: ["allSquash", true],
  no_all_squash: ["allSquash", false],
  async: ["async", true],
  sync: ["async", false],
  wdelay: ["gathers", true],
  no_wdelay: ["gathers", false],
  hide: ["noHide", false],
  nohide: ["noHide", true],
  crossmnt: ["crossMount", true],
  nocrossmnt: ["crossMount", false],
  secure: ["insecure", false],
  insecure: ["insecure", true],
  subtree_check: ["noSubtreeCheck", false],
  no_subtree_check: ["noSubtreeCheck", true],
  auth_nlm: ["insecureLocks", false],
  no_auth_nlm: ["insecureLocks", true],
  secure_locks: ["insecureLocks", false],
  insecure_locks: ["insecureLocks", true],
  acl: ["noAcl", false],
  no_acl: ["noAcl", true],
  security_label: ["securityLabel", true],
  no_security_label: ["securityLabel", false],
  pnfs: ["pnfs", true],
  no_pnfs: ["pnfs", false],
};

export function defaults(): Options {
  return {
    sections: [],
    readOnly: true,
    rootSquash: true,
    allSquash: false,
    async: false,
    gathers: true,
    noHide: false,
    crossMount: false,
    insecure: false,
    noSubtreeCheck: true,
    saysSubtreeCheck: false,
    insecureLocks: false,
    noAcl: false,
    securityLabel: false,
    pnfs: false,
    anonUid: 65534,
    anonGid: 65534,
  };
}

/** `place` is "FILE:LINE" as the tool has it for one complaint, `spaced` for the other. */
export function parseOptions(
  text: string,
  from: Options,
  place: { file: string; line: number },
): Options {
  const options = structuredClone(from);
  for (const word of text.split(",").filter(Boolean)) {
    const flag = words[word];
    if (flag) set(options, ...flag);
    else if (!setValue(options, word, place)) {
      throw new BadOption(
        `${place.file}:${place.line}: unknown keyword "${word}"\n`,
      );
    }
  }
  return options;
}

/** Flags of access hold for the section that `sec=` has begun. */
function set(options: Options, key: Flag, value: boolean): void {
  options[key] = value;
  if (key === "noSubtreeCheck") options.saysSubtreeCheck = true;
  const section = options.sections.at(-1);
  const isOfSection =
    key === "readOnly" || key === "rootSquash" || key === "allSquash";
  if (section && isOfSection) section[key] = value;
}

function setValue(
  options: Options,
  word: string,
  { file, line }: { file: string; line: number },
): boolean {
  const bad = (key: string) =>
    new BadOption(`${file}: ${line}: bad ${key} "${word}"\n`);
  const [key = "", value] = split(word);
  switch (key) {
    case "fsid":
      if (value === undefined) return false;
      if (!/^(root|-?\d+|[0-9a-f:-]{32,})$/i.test(value)) throw bad("fsid");
      options.fsid = value === "root" ? "0" : value;
      return true;
    case "mountpoint":
    case "mp":
      options.mountpoint = value ?? "";
      return true;
    case "anonuid":
    case "anongid":
      if (value === undefined) return false;
      if (!/^-?\d+$/.test(value)) throw bad(key);
      options[key === "anonuid" ? "anonUid" : "anonGid"] = Number(value);
      return true;
    case "refer":
      if (value === undefined) return false;
      options.refer = value;
      return true;
    case "sec": {
      if (value === undefined) return false;
      for (const flavour of value.split(":")) {
        if (!flavours.includes(flavour))
          throw new BadOption(`unknown flavor ${flavour}`);
      }
      const { readOnly, rootSquash, allSquash } = options;
      const section = { flavours: value, readOnly, rootSquash, allSquash };
      options.sections.push(section);
      return true;
    }
  }
  return false;
}

function split(word: string): [string, string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function tail(options: Options): string[] {
  const { fsid, mountpoint, refer } = options;
  return [
    ...(fsid === undefined ? [] : [`fsid=${fsid}`]),
    ...(mountpoint === undefined
      ? []
      : [mountpoint === "" ? "mountpoint" : `mountpoint=${mountpoint}`]),
    ...(refer === undefined ? [] : [`refer=${refer}`]),
  ];
}

function access(options: Options): string[] {
  const { readOnly, rootSquash, allSquash } = options;
  const sections =
    options.sections.length > 0
      ? options.sections
      : [{ flavours: "sys", readOnly, rootSquash, allSquash }];
  return sections.flatMap((section) => [
    `sec=${section.flavours}`,
    section.readOnly ? "ro" : "rw",
    section.rootSquash ? "root_squash" : "no_root_squash",
    section.allSquash ? "all_squash" : "no_all_squash",
  ]);
}

/** As `exportfs -s` and `-v` show it. */
export function shown(options: Options): string {
  return [
    options.async ? "async" : "sync",
    options.gathers ? "wdelay" : "no_wdelay",
    options.noHide ? "nohide" : "hide",
    ...(options.crossMount ? ["crossmnt"] : []),
    ...(options.noSubtreeCheck ? ["no_subtree_check"] : []),
    ...(options.insecureLocks ? ["insecure_locks"] : []),
    ...(options.securityLabel ? ["security_label"] : []),
    ...(options.noAcl ? ["no_acl"] : []),
    ...(options.pnfs ? ["pnfs"] : []),
    ...tail(options),
    ...(options.anonUid === 65534 ? [] : [`anonuid=${options.anonUid}`]),
    ...(options.anonGid === 65534 ? [] : [`anongid=${options.anonGid}`]),
    ...access(options),
  ].join(",");
}

/** As /var/lib/nfs/etab has it. */
export function stored(options: Options): string {
  return [
    options.readOnly ? "ro" : "rw",
    options.async ? "async" : "sync",
    options.gathers ? "wdelay" : "no_wdelay",
    options.noHide ? "nohide" : "hide",
    options.crossMount ? "crossmnt" : "nocrossmnt",
    options.insecure ? "insecure" : "secure",
    options.rootSquash ? "root_squash" : "no_root_squash",
    options.allSquash ? "all_squash" : "no_all_squash",
    options.noSubtreeCheck ? "no_subtree_check" : "subtree_check",
    options.insecureLocks ? "insecure_locks" : "secure_locks",
    options.noAcl ? "no_acl" : "acl",
    ...(options.securityLabel ? ["security_label"] : []),
    options.pnfs ? "pnfs" : "no_pnfs",
    ...tail(options),
    `anonuid=${options.anonUid}`,
    `anongid=${options.anonGid}`,
    ...access(options),
  ].join(",");
}

/** The kernel's flags, which the complaint about duplicates shows. */
export function flags(options: Options): number {
  const bits: [boolean, number][] = [
    [options.readOnly, 0x1],
    [options.insecure, 0x2],
    [options.rootSquash, 0x4],
    [options.allSquash, 0x8],
    [options.async, 0x10],
    [options.gathers, 0x20],
    [options.securityLabel, 0x80],
    [options.noHide, 0x200],
    [options.noSubtreeCheck, 0x400],
    [options.insecureLocks, 0x800],
    [options.fsid !== undefined, 0x2000],
    [options.crossMount, 0x4000],
    [options.noAcl, 0x8000],
    [options.pnfs, 0x20000],
  ];
  return bits.reduce((sum, [on, bit]) => sum | (on ? bit : 0), 0);
}
