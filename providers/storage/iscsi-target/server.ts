import { randomBytes } from "node:crypto";
import { UserError } from "../../dynamic/failure";
import { HostError } from "../../host/client/errors";
import type { Words } from "../../host/client/machine";
import type { Place } from "../place";
import type { Step } from "./plan";
import { type Configuration, parseConfiguration } from "./saved";
import type { Target } from "./wanted";

export const savedFile = "/etc/rtslib-fb-target/saveconfig.json";
const kernel = "/sys/kernel/config/target/iscsi";

/**
 * What the kernel serves now. The tool tells it in a file only, with secrets
 * in clear, that root alone may read and that goes with the memory.
 */
export async function readLive(
  { machine, signal }: Place,
  name: string,
): Promise<Configuration> {
  const file = `/run/hybrid-site-${name}-${run}.json`;
  try {
    await machine.run(["targetctl", "save", file], { signal, looks: true });
    const text = (await machine.read(file, signal))?.toString("utf8");
    const live = text && parsed(text);
    if (live) return live;
    throw new UserError(
      `what host "${machine.name}" serves cannot be told: "targetctl save ${file}" left ${text ? "what is not understood" : "nothing"} there. Nothing was changed by this; run it again, and look at "targetctl save" there if that does not help`,
    );
  } finally {
    // Also when the operation has ended by its deadline.
    await machine
      .remove(file, AbortSignal.timeout(removeMs))
      .catch(() => undefined);
  }
}

const removeMs = 5_000;
/** Two runs at once do not take each other's file away; an attempt of this one takes the last one's. */
const run = randomBytes(4).toString("hex");

/** What it serves after its next start; undefined: nothing was ever saved. */
export async function readSaved({
  machine,
  signal,
}: Place): Promise<Configuration | undefined> {
  const text = await machine.read(savedFile, signal);
  if (text === undefined) return undefined;
  const saved = parsed(text.toString("utf8"));
  if (saved) return saved;
  throw new UserError(
    `${savedFile} on host "${machine.name}" is not what targetctl writes. Restore it from /etc/rtslib-fb-target/backup`,
  );
}

function parsed(text: string): Configuration | undefined {
  try {
    return parseConfiguration(text);
  } catch {
    return undefined;
  }
}

export async function take(
  { machine, signal, operation }: Place,
  iqn: string,
  step: Step,
): Promise<void> {
  await operation.beforeWrite();
  if ("run" in step) {
    const words: Words = ["targetcli", ...step.run];
    await machine.run(words, { signal });
    return;
  }
  // Not by targetcli: that would show it in the list of processes, and writes
  // each line that it is given to /root/.targetcli/log.txt.
  const { initiator, key, value = "NULL" } = step;
  const file = `${kernel}/${iqn}/tpgt_1/acls/${initiator}/auth/${key}`;
  await machine.run(
    ["dd", `of=${file}`, "bs=4096", "iflag=fullblock", "status=none"],
    { signal, stdin: value },
  );
}

export async function save({
  machine,
  signal,
  operation,
}: Place): Promise<void> {
  await operation.beforeWrite();
  await machine.run(["targetcli", "saveconfig"], { signal });
}

/** Restores at the start what is saved. */
const restoring = "rtslib-fb-targetctl.service";

export async function isRestored({ machine, signal }: Place): Promise<boolean> {
  const { code } = await machine.run(
    ["systemctl", "is-enabled", "--quiet", restoring],
    // 4: it is not there.
    { signal, codes: [0, 1, 4], looks: true },
  );
  return code === 0;
}

/** Disabled, all would seem well until the next start, and then nothing be served. */
export async function restoreAtStart(place: Place): Promise<void> {
  const { machine, signal, operation } = place;
  if (await isRestored(place)) return;
  await operation.beforeWrite();
  await machine.run(["systemctl", "enable", restoring], { signal });
  if (await isRestored(place)) return;
  throw new UserError(
    `host "${machine.name}" would serve nothing after its next start: ${restoring} stays disabled. Look at "systemctl is-enabled ${restoring}" there`,
  );
}

export interface Session {
  initiator: string;
  address: string;
}

/** Who is logged in to a target. */
export async function sessionsOf(
  { machine, signal }: Place,
  { iqn, acls }: Target,
): Promise<Session[]> {
  const found: Session[] = [];
  for (const { iqn: initiator } of acls) {
    const file = `${kernel}/${iqn}/tpgt_1/acls/${initiator}/info`;
    const text = (await machine.read(file, signal))?.toString("utf8") ?? "";
    if (!text.startsWith("InitiatorName:")) continue;
    const [, address = "of unknown address"] =
      /^\s*Address (\S+)/m.exec(text) ?? [];
    found.push({ initiator, address });
  }
  return found;
}

/** A volume that is not there would be left out at the next start, without a word. */
export async function refuseAbsent(
  { zfs }: Place,
  host: string,
  volumes: readonly string[],
): Promise<void> {
  for (const volume of volumes) {
    const found = await zfs
      .datasetProperties(volume, ["type"])
      .catch((error: unknown) => {
        if (error instanceof HostError && error.kind === "exit") return;
        throw error;
      });
    const type = found?.get("type")?.value;
    if (type === "volume") continue;
    throw new UserError(
      type === undefined
        ? `volume ${volume} is not there on host "${host}". Import its pool, or correct the path`
        : `${volume} on host "${host}" is a ${type}, and only a volume is a disk. Name a volume`,
    );
  }
}
