import { die } from "./failure";
import type { Faults } from "./faults";
import { saveGuest } from "./guest-config";
import type { Change } from "./guests/change";
import { type CloneOptions, finishClone } from "./guests/clone";
import { finishCreate, imports } from "./guests/create";
import { finishDestroy } from "./guests/destroy";
import { finishResize, finishTemplate } from "./guests/disks";
import type { Place } from "./guests/drives";
import { finishMove, finishReassign } from "./guests/move";
import { addToPool } from "./guests/pools";
import {
  finishRemoval,
  finishRollback,
  finishSnapshot,
} from "./guests/snapshots";
import { start } from "./guests/start";
import { update } from "./guests/update";
import type { Effect } from "./tasks";
import { guestVolumes, moveVolumes, release, reserve } from "./volumes";
import type { Guest, Node, World } from "./world";

type Args = Record<string, unknown>;

export function guestOf(world: World, { cluster, vmid }: Args): Guest {
  const guest = world.guest(String(cluster), Number(vmid));
  if (guest === undefined)
    throw new Error(`Configuration file for VM ${vmid} does not exist`);
  return guest;
}

export function nodeOf(world: World, name: string): Node {
  const node = world.nodes.get(name);
  if (node === undefined) throw new Error(`no such node '${name}'`);
  return node;
}

/** Gives a new guest to the HA manager. */
function manage(world: World, { cluster, vmid }: Guest, start?: boolean): void {
  world.save("services", {
    cluster,
    sid: `vm:${vmid}`,
    vmid,
    state: start ? "started" : "stopped",
    manager: { failures: 0 },
  });
}

/** What tasks do when their time is up. */
export function makeEffects(faults: Faults): Record<string, Effect> {
  const onGuest =
    <A>(work: (place: Place, guest: Guest, args: A) => void): Effect =>
    (world, _task, args) => {
      const guest = guestOf(world, args);
      const place = { world, faults, node: nodeOf(world, guest.node) };
      work(place, guest, args as A);
    };
  return {
    nothing: () => undefined,
    /** Undoes what a create or a clone has begun. */
    drop: (world, _task, args) => {
      const guest = world.guest(String(args.cluster), Number(args.vmid));
      if (guest === undefined) return;
      const node = nodeOf(world, guest.node);
      for (const { volid } of guestVolumes(node, guest.vmid))
        release(world, node, volid);
      world.remove("guests", guest);
    },
    created: onGuest(
      (
        place,
        guest,
        args: {
          set: Record<string, string>;
          storage?: string;
          pool?: string;
          start?: boolean;
          live?: boolean;
          managed?: boolean;
        },
      ) => {
        finishCreate(place, guest, args.set, args.storage);
        addToPool(place.world, guest.cluster, guest.vmid, args.pool);
        if (args.managed) manage(place.world, guest, args.start);
        // What is imported live runs from the first byte, and only that.
        const starts = args.live ? imports(args.set).length > 0 : args.start;
        if (starts) start(place, guest);
      },
    ),
    cloned: onGuest(
      (
        place,
        guest,
        args: {
          source: number;
          name?: string;
          description?: string;
          pool?: string;
          target?: string;
          options: CloneOptions;
        },
      ) => {
        const { world, node } = place;
        const source = guestOf(world, { ...guest, vmid: args.source });
        try {
          finishClone(place, source, guest, args, args.options);
        } catch (error) {
          throw die(`clone failed: ${(error as Error).message}`);
        }
        addToPool(world, guest.cluster, guest.vmid, args.pool);
        if (args.target === undefined) return;
        moveVolumes(world, guest.vmid, node, nodeOf(world, args.target));
        guest.node = args.target;
        saveGuest(world, guest);
      },
    ),
    configured: onGuest((place, guest, { change }: { change: Change }) =>
      update(place, guest, change),
    ),
    resized: onGuest(finishResize),
    diskMoved: onGuest(finishMove),
    diskReassigned: onGuest(finishReassign),
    templated: onGuest((place, guest, { disk }: { disk?: string }) =>
      finishTemplate(place, guest, disk),
    ),
    snapshotMade: onGuest(finishSnapshot),
    snapshotRemoved: onGuest(finishRemoval),
    rolledBack: onGuest(
      (place, guest, args: { name: string; start?: boolean }) => {
        finishRollback(place, guest, args);
        if (args.start && guest.status !== "running") start(place, guest);
      },
    ),
    destroyed: onGuest(finishDestroy),
    downloaded: (world, _task, args) => {
      const node = nodeOf(world, String(args.node));
      const file = world.internet.get(String(args.url).slice(-120));
      if (file === undefined)
        throw new Error(
          "download failed: wget: server returned error: HTTP/1.1 404 Not Found",
        );
      const wanted = args.checksum as string | undefined;
      if (wanted !== undefined && wanted !== file.sha256) {
        throw new Error(
          `checksum mismatch: got '${file.sha256}' != expect '${wanted}'`,
        );
      }
      const storage = String(args.storage);
      const volid = String(args.volid);
      const volume = {
        volid,
        storage,
        content: String(args.content),
        bytes: file.bytes,
        format: /\.(\w+)$/.exec(volid)?.[1] ?? "raw",
      };
      reserve(world, node, volume, faults);
    },
    released: (world, _task, args) =>
      release(world, nodeOf(world, String(args.node)), String(args.volid)),
  };
}
