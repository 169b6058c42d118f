import { guestOf, nodeOf } from "./effects";
import type { Faults } from "./faults";
import { checkLock } from "./guest-config";
import {
  isSharedOn,
  obstacle,
  type Plan,
  targetStorage,
  volumesOf,
} from "./migrate";
import type { Effect } from "./tasks";
import {
  findVolume,
  imageFormats,
  newVolumeId,
  release,
  reserve,
  storageOf,
} from "./volumes";
import type { Node, Task, Volume, World } from "./world";

type Args = Record<string, unknown>;

function planOf(args: Args): Plan {
  return {
    target: String(args.target),
    online: args.online === true,
    withLocalDisks: args.withLocalDisks === true,
    force: args.force === true,
    storages: args.storages as Record<string, string>,
  };
}

/** The exit status is always the same; the log has the cause. */
function abort(task: Task, cause: string): never {
  task.log.push(`ERROR: migration aborted (duration 00:00:01): ${cause}`);
  throw new Error("migration aborted");
}

/** The volume's own name at the target, or a free one where that is taken. */
function volumeThere(target: Node, volume: Volume, storageId: string): string {
  const storage = storageOf(target, storageId);
  const { vmid = 0, volid } = volume;
  const format = imageFormats(storage).includes(volume.format)
    ? volume.format
    : "raw";
  const name = (volid.split(/[:/]/).at(-1) ?? "").replace(
    /\.(raw|qcow2|vmdk)$/,
    "",
  );
  const wanted = newVolumeId(target, storage, vmid, format, name);
  return findVolume(target, wanted)
    ? newVolumeId(target, storage, vmid, format)
    : wanted;
}

/** Copies the local volumes, and gives back what each is called there. */
function copyVolumes(
  world: World,
  faults: Faults,
  source: Node,
  target: Node,
  args: Args,
): Map<string, string> {
  const names = new Map<string, string>();
  const guest = guestOf(world, args);
  try {
    for (const { volume, storage, volid } of volumesOf(source, guest)) {
      if (volume === undefined || names.has(volid)) continue;
      if (isSharedOn(source, storage)) continue;
      const to = targetStorage(planOf(args), storage);
      const name = volumeThere(target, volume, to);
      const format = /\.(\w+)$/.exec(name)?.[1] ?? "raw";
      const copy = { ...volume, volid: name, storage: to, format };
      reserve(world, target, copy, faults);
      names.set(volid, name);
    }
  } catch (error) {
    for (const name of names.values()) release(world, target, name);
    throw error;
  }
  return names;
}

export function relocate(world: World, faults: Faults, args: Args): void {
  const guest = guestOf(world, args);
  const source = nodeOf(world, guest.node);
  const target = nodeOf(world, String(args.target));
  const names = copyVolumes(world, faults, source, target, args);
  for (const values of [guest.config, guest.pending]) {
    for (const [key, value] of Object.entries(values)) {
      const [volid = "", ...rest] = String(value).split(",");
      const there = names.get(volid.replace(/^file=/, ""));
      if (there !== undefined) values[key] = [there, ...rest].join(",");
    }
  }
  for (const volid of names.keys()) release(world, source, volid);
  guest.node = target.name;
  world.save("guests", guest);
}

export function migrateEffects(faults: Faults): Record<string, Effect> {
  return {
    "migration-begun": (world, task, args) => {
      const guest = guestOf(world, args);
      checkLock(guest);
      const why = obstacle(world, guest, planOf(args));
      if (why !== undefined) abort(task, why);
      guest.config.lock = "migrate";
      world.save("guests", guest);
    },
    "migration-ended": (world, _task, args) => {
      const guest = guestOf(world, args);
      if (guest.config.lock !== "migrate") return;
      delete guest.config.lock;
      world.save("guests", guest);
    },
    migrated: (world, task, args) => {
      try {
        relocate(world, faults, args);
      } catch (error) {
        abort(task, (error as Error).message);
      }
      const guest = guestOf(world, args);
      delete guest.config.lock;
      world.save("guests", guest);
    },
  };
}
