import { UserError } from "../../dynamic/failure";
import { HostError } from "../../host/client/errors";
import type { Words } from "../../host/client/machine";
import type { Place } from "../place";
import {
  fileOf,
  folder,
  isSame,
  keyOf,
  operandOf,
  type Pair,
  pairsOf,
  parseExported,
  parseFile,
} from "./file";
import type { NfsExportsInputs } from "./model";

export async function readOwn(
  { machine, signal }: Place,
  name: string,
): Promise<string | undefined> {
  return (await machine.read(fileOf(name), signal))?.toString("utf8");
}

export async function exported({ machine, signal }: Place): Promise<Pair[]> {
  const words: Words = ["exportfs", "-s"];
  const { stdout } = await machine.run(words, { signal, looks: true });
  return parseExported(stdout);
}

/** exportfs does its work whether or not anybody serves what it exports. */
export async function tellSleeping(
  { machine, signal, operation }: Place,
  { host }: NfsExportsInputs,
): Promise<void> {
  const unit = "nfs-server.service";
  const options = { signal, codes: [0, 1, 3, 4], looks: true };
  const is = async (state: "is-active" | "is-enabled") =>
    (await machine.run(["systemctl", state, unit], options)).code === 0;
  const [isActive, isEnabled] = await Promise.all([
    is("is-active"),
    is("is-enabled"),
  ]);
  if (isActive && isEnabled) return;
  const what = isActive
    ? "does not start with the host, so nobody gets what is exported after its next boot"
    : "does not run, so nobody gets what is exported";
  operation.tell(
    `the NFS server of host "${host}" ${what}. "systemctl enable --now nfs-server" there mends that`,
  );
}

/** Undefined takes the file away. */
export async function writeOwn(
  { machine, signal, operation }: Place,
  name: string,
  content: string | undefined,
): Promise<void> {
  await operation.beforeWrite();
  if (content === undefined) return machine.remove(fileOf(name), signal);
  const rights = { owner: "root", group: "root", mode: "0644" };
  return machine.write(fileOf(name), { content, ...rights }, signal);
}

/**
 * Makes live what the files say. Never with -r: that would take away what
 * others have exported by hand. What it says about others' files is no failure.
 */
export async function exportAll({
  machine,
  signal,
  operation,
}: Place): Promise<string[]> {
  await operation.beforeWrite();
  const { stderr } = await machine.run(["exportfs", "-a"], {
    signal,
    codes: [0, 1],
  });
  return stderr
    .split("\n")
    .filter((line) => line.startsWith("exportfs: "))
    .map((line) => line.slice("exportfs: ".length).trim());
}

/** One that is not exported is none to take away. */
export async function unexport(
  { machine, signal, operation }: Place,
  pairs: readonly Pair[],
): Promise<void> {
  for (const pair of pairs) {
    await operation.beforeWrite();
    await machine.run(["exportfs", "-u", operandOf(pair)], {
      signal,
      codes: [0, 1],
    });
  }
}

/** What other files say, by the file. */
export async function others(
  { machine, signal }: Place,
  name: string,
): Promise<Map<string, Pair[]>> {
  const names = (await machine.list(folder, signal)) ?? [];
  const files = [
    "/etc/exports",
    ...names
      .filter((item) => /^[^.].*\.exports$/.test(item))
      .map((item) => `${folder}/${item}`),
  ].filter((file) => file !== fileOf(name));
  const texts = await Promise.all(
    files.map((file) => machine.read(file, signal)),
  );
  return new Map(
    files.map((file, index) => [
      file,
      parseFile(texts[index]?.toString("utf8") ?? ""),
    ]),
  );
}

/** Why a directory must not be exported: exportfs would do it all the same. */
export async function refuseUnready(
  { machine, zfs, signal }: Place,
  { entries, host }: NfsExportsInputs,
): Promise<void> {
  const paths = entries.map(({ path }) => path);
  const [there, ...datasets] = await Promise.all([
    machine.stat(paths, signal),
    ...entries.map(({ dataset }) =>
      zfs
        .datasetProperties(dataset, ["mountpoint", "mounted"])
        .catch((error: unknown) => {
          if (error instanceof HostError && error.kind === "exit") return;
          throw error;
        }),
    ),
  ]);
  for (const [index, entry] of entries.entries()) {
    const { path, dataset, mountpoint = path } = entry;
    const found = datasets[index];
    const place = found?.get("mountpoint")?.value ?? "nowhere";
    const mounted = found?.get("mounted")?.value === "yes";
    if (place !== mountpoint || !mounted) {
      const state =
        found === undefined
          ? "is not there"
          : `has mountpoint ${place} and is ${mounted ? "" : "not "}mounted`;
      throw new UserError(
        `${path} on host "${host}" is to be exported from dataset ${dataset}, which ${state}: clients would get the disk below ${mountpoint}. Import its pool and mount it ("zfs mount ${dataset}")`,
      );
    }
    const facts = there.get(path);
    if (facts?.kind !== "directory") {
      throw new UserError(
        `${path} on host "${host}" ${facts ? `is a ${facts.kind}` : "does not exist"}. Make the directory, or correct the path`,
      );
    }
  }
}

/** The server would take one of the two and ignore the other. */
export function refuseTaken(
  inputs: NfsExportsInputs,
  elsewhere: ReadonlyMap<string, readonly Pair[]>,
  live: readonly Pair[],
): void {
  const mine = pairsOf(inputs.entries);
  const keys = new Set(mine.map(keyOf));
  for (const [file, pairs] of elsewhere) {
    const taken = pairs.find((pair) => keys.has(keyOf(pair)));
    if (taken === undefined) continue;
    throw new UserError(
      `${file} on host "${inputs.host}" exports ${taken.path} to ${taken.client} already. Take it out there, or here`,
    );
  }
  const known = [...[...elsewhere.values()].flat(), ...live];
  for (const { path, options } of mine) {
    const other = known.find(
      (pair) => pair.options.fsid === options.fsid && pair.path !== path,
    );
    if (other === undefined) continue;
    throw new UserError(
      `${path} has fsid ${options.fsid}, as ${other.path} on host "${inputs.host}" has: clients would get the one for the other. Declare another fsid`,
    );
  }
}

/** Exports of the same directories that are not declared here. */
export function strangers(
  { entries }: NfsExportsInputs,
  elsewhere: ReadonlyMap<string, readonly Pair[]>,
  live: readonly Pair[],
): string[] {
  const mine = pairsOf(entries);
  const paths = new Set(mine.map(({ path }) => path));
  const keys = new Set(mine.map(keyOf));
  return live
    .filter((pair) => paths.has(pair.path) && !keys.has(keyOf(pair)))
    .map((pair) => {
      const [file] =
        [...elsewhere].find(([, pairs]) =>
          pairs.some((item) => keyOf(item) === keyOf(pair)),
        ) ?? [];
      return `${pair.path} to ${pair.client} (${pair.options.access}, ${file ?? "by hand"})`;
    });
}

/** What is declared and not exported so, and what is and should not be. */
export function differences(
  wanted: readonly Pair[],
  unwanted: readonly Pair[],
  live: readonly Pair[],
): string[] {
  const now = new Map(live.map((pair) => [keyOf(pair), pair]));
  return [
    ...wanted.flatMap((pair) => {
      const found = now.get(keyOf(pair));
      if (found && isSame(found.options, pair.options)) return [];
      return `${pair.path} to ${pair.client} is ${found ? "exported with other options" : "not exported"}`;
    }),
    ...unwanted.flatMap((pair) =>
      now.has(keyOf(pair))
        ? [`${pair.path} to ${pair.client} is still exported`]
        : [],
    ),
  ];
}
