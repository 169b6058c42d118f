import { type ProxmoxSession, path } from "../client";
import type { Backend, StorageMountInputs } from "./model";

/** A section of storage.cfg, every value as text. */
export type Definition = Record<string, string>;

/** PVE's settings by which a storage is the one it is: they cannot change. */
const fixedSettings: Record<Backend["type"], readonly string[]> = {
  dir: ["path"],
  nfs: ["server", "export"],
  iscsi: ["portal", "target"],
  lvm: ["vgname"],
  lvmthin: ["vgname", "thinpool"],
  zfspool: ["pool"],
};
/** Unset is the same as 0. */
const flags = ["disable", "shared", "sparse"];
/** What PVE adds of its own. */
const added = ["storage", "digest", "mountpoint"];

export async function readDefinition(
  session: ProxmoxSession,
  name: string,
): Promise<{ definition: Definition; digest: string } | undefined> {
  // The list, because PVE answers 500 for one that is not there.
  const list = await session.request<Record<string, unknown>[]>(
    "GET",
    "/storage",
  );
  const found = list.find(({ storage }) => storage === name);
  if (found === undefined) return undefined;
  const definition = Object.fromEntries(
    Object.entries(found)
      .filter(([key]) => !added.includes(key))
      .map(([key, value]) => [key, textOf(value)]),
  );
  const { type } = definition;
  if (type === "nfs") delete definition.path;
  if (type === "nfs" || type === "iscsi") delete definition.shared;
  for (const key of ["content", "nodes"])
    if (definition[key]) definition[key] = sorted(definition[key].split(","));
  for (const key of flags) if (definition[key] === "0") delete definition[key];
  return { definition, digest: String(found.digest) };
}

function textOf(value: unknown): string {
  return typeof value === "boolean" ? (value ? "1" : "0") : String(value);
}

export function sorted(items: readonly string[]): string {
  return [...new Set(items)].sort().join(",");
}

/** All that the inputs declare; the fixed settings first. */
export function declared(inputs: StorageMountInputs): Definition {
  const { content, nodes, enabled } = inputs;
  return texts({
    ...settingsOf(inputs.backend),
    content: sorted(content),
    nodes: nodes && sorted(nodes),
    disable: enabled === undefined ? undefined : !enabled,
  });
}

function settingsOf(
  backend: Backend,
): Record<string, string | boolean | undefined> {
  switch (backend.type) {
    case "dir":
      return {
        type: "dir",
        path: backend.path,
        is_mountpoint:
          backend.isMountpoint === undefined
            ? undefined
            : backend.isMountpoint
              ? "yes"
              : "no",
        "create-base-path": backend.createBasePath,
        "create-subdirs": backend.createSubdirs,
        shared: backend.shared,
        format: backend.format,
        preallocation: backend.preallocation,
      };
    case "nfs":
      return {
        type: "nfs",
        server: backend.server,
        export: backend.export,
        options: mountOptions(backend),
        "create-subdirs": backend.createSubdirs,
        format: backend.format,
        preallocation: backend.preallocation,
      };
    case "iscsi":
      return { type: "iscsi", portal: backend.portal, target: backend.target };
    case "lvm":
      return {
        type: "lvm",
        vgname: backend.volumeGroup,
        shared: backend.shared,
      };
    case "lvmthin":
      return {
        type: "lvmthin",
        vgname: backend.volumeGroup,
        thinpool: backend.thinPool,
      };
    case "zfspool":
      return {
        type: "zfspool",
        pool: backend.pool,
        blocksize: backend.blockSize,
        sparse: backend.sparse,
      };
  }
}

type Nfs = Extract<Backend, { type: "nfs" }>;

/** With the version, or PVE takes a server of version 4 only for offline. */
function mountOptions({ version = "4.2", options = [] }: Nfs): string {
  const others = options.filter((option) => option !== "hard");
  return [`vers=${version}`, "hard", ...others].join(",");
}

function texts(
  values: Record<string, string | boolean | undefined>,
): Definition {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, textOf(value)]],
    ),
  );
}

/** What the storage is: its type and fixed settings. */
export function identityOf(definition: Definition): Definition {
  const keys = fixedSettings[definition.type as Backend["type"]] ?? [];
  return Object.fromEntries(
    ["type", ...keys].map((key) => [key, definition[key] ?? ""]),
  );
}

export function describe(definition: Definition): string {
  return Object.entries(identityOf(definition))
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");
}

/** What an update sets and unsets; nothing that was never declared. */
export function changesOf(
  stands: Definition,
  wanted: Definition,
  was: Definition = {},
): { set: Definition; unset: string[] } {
  const fixed = identityOf(wanted);
  const set = Object.fromEntries(
    Object.entries(wanted).filter(
      ([key, value]) =>
        !(key in fixed) && !isSame(key, stands[key] ?? noValue(key), value),
    ),
  );
  const unset = Object.keys(was).filter(
    (key) =>
      wanted[key] === undefined &&
      stands[key] !== undefined &&
      !(key in identityOf(was)),
  );
  return { set, unset };
}

function noValue(key: string): string {
  return flags.includes(key) ? "0" : "";
}

export function isSame(key: string, left: string, right: string): boolean {
  if (key !== "options") return left === right;
  // NFS mounts are hard unless they are said to be soft.
  const list = (text: string) =>
    sorted(text.split(",").filter((option) => option !== "hard"));
  return list(left) === list(right);
}

/** The declared inputs as the definition has them. */
export function inputsFrom(
  inputs: StorageMountInputs,
  definition: Definition,
): StorageMountInputs {
  const list = <T extends string>(key: string, own: T[] | undefined) => {
    const now = definition[key] ?? "";
    if (own === undefined || sorted(own) === now) return own;
    return now.split(",").filter(Boolean) as T[];
  };
  return {
    ...inputs,
    backend: backendFrom(inputs.backend, definition),
    content: list("content", inputs.content) ?? [],
    nodes: list("nodes", inputs.nodes),
    enabled:
      inputs.enabled === undefined ? undefined : definition.disable !== "1",
  };
}

function backendFrom(backend: Backend, definition: Definition): Backend {
  const flag = (own: boolean | undefined, key: string) =>
    own === undefined ? undefined : definition[key] === "1";
  const text = <T>(own: T | undefined, key: string) =>
    own === undefined ? undefined : (definition[key] as T | undefined);
  switch (backend.type) {
    case "dir":
      return {
        ...backend,
        isMountpoint:
          backend.isMountpoint === undefined
            ? undefined
            : /^(yes|1|on|true)$/.test(definition.is_mountpoint ?? ""),
        createBasePath: flag(backend.createBasePath, "create-base-path"),
        createSubdirs: flag(backend.createSubdirs, "create-subdirs"),
        shared: flag(backend.shared, "shared"),
        format: text(backend.format, "format"),
        preallocation: text(backend.preallocation, "preallocation"),
      };
    case "nfs":
      return {
        ...backend,
        ...mountFrom(backend, definition.options ?? ""),
        createSubdirs: flag(backend.createSubdirs, "create-subdirs"),
        format: text(backend.format, "format"),
        preallocation: text(backend.preallocation, "preallocation"),
      };
    case "lvm":
      return { ...backend, shared: flag(backend.shared, "shared") };
    case "zfspool":
      return {
        ...backend,
        blockSize: text(backend.blockSize, "blocksize"),
        sparse: flag(backend.sparse, "sparse"),
      };
    default:
      return backend;
  }
}

function mountFrom(backend: Nfs, options: string): Partial<Nfs> {
  if (isSame("options", options, mountOptions(backend))) return {};
  const parts = options.split(",").filter(Boolean);
  const version = parts.find((part) => part.startsWith("vers="))?.slice(5);
  return {
    // Without one the mount takes what the server offers.
    version: (version ?? "3") as Nfs["version"],
    options: parts.filter((part) => !/^(vers=|hard$)/.test(part)),
  };
}

export function write(
  session: ProxmoxSession,
  name: string,
  { set, unset }: { set: Definition; unset: string[] },
  digest: string,
): Promise<unknown> {
  return session.request("PUT", path`/storage/${name}`, {
    ...set,
    ...(unset.length > 0 ? { delete: unset.join(",") } : {}),
    digest,
  });
}
