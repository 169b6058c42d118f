import type { Call, Tool } from "../../tool";
import type { BlockDevices, KnownDevice } from "../devices";
import { disksOf } from "../disks";
import { wwidOf } from "../spec";
import { settle } from "../udev";
import { readConfiguration } from "./configuration";
import { assemble, daemonRuns, flush, knownWwids, saveWwids } from "./maps";
import { mapsOf, topology } from "./topology";

const usage = `multipath-tools v0.11.1 (01/24, 2025)
Usage:
  multipath [-v level] [-B|-d|-i|-q|-r] [-b file] [-p policy] [device]
  multipath [-v level] [-R retries] -f device
  multipath [-v level] [-R retries] -F
  multipath [-v level] [-l|-ll] [device]
  multipath [-v level] [-a|-w] device
  multipath [-v level] -W
  multipath [-v level] [-i] [-c|-C] device
  multipath [-v level] [-i] [-u|-U]
  multipath [-h|-t|-T]
`;
const plain = "adChlfFrWwcqiB";
const valued = "vpbR";

export const multipath: Tool = (call) => {
  const say = (text: string): void => void call.stdout.write(`${text}\n`);
  if (call.user !== "root") {
    call.stderr.write("need to be root\n");
    return 1;
  }
  const parsed = parse(call);
  if (parsed === undefined) return 1;
  const { flags, operand } = parsed;
  const { world } = call;
  const configuration = readConfiguration(world);
  for (const warning of configuration.warnings)
    call.stderr.write(`${warning}\n`);
  if (flags.has("h")) {
    call.stdout.write(usage);
    return 0;
  }
  const devices = disksOf(world);
  const device = operand === undefined ? undefined : named(devices, operand);
  if (flags.has("a") || flags.has("w")) {
    if (device === undefined) return missing(call, operand);
    const wwid = wwidOf(device.wwn);
    const known = knownWwids(world);
    const others = known.filter((has) => has !== wwid);
    if (flags.has("w")) {
      if (known.length === others.length)
        say(`wwid '${wwid}' not in wwids file`);
      else if (saveWwids(world, others)) say(`wwid '${wwid}' removed`);
      return 0;
    }
    if (!known.includes(wwid) && !saveWwids(world, [...known, wwid])) {
      call.stderr.write(`failed adding '${wwid}' to wwids file\n`);
      return 1;
    }
    say(`wwid '${wwid}' added`);
    return 0;
  }
  if (flags.has("W")) {
    const current = mapsOf(devices).flatMap(({ wwid }) => wwid ?? []);
    if (!saveWwids(world, current)) return 1;
    say("successfully reset wwids");
    return 0;
  }
  if (flags.has("c")) {
    if (device === undefined) return missing(call, operand);
    const wwid = wwidOf(device.wwn);
    const isPath =
      knownWwids(world).includes(wwid) ||
      mapsOf(devices).some((map) => map.wwid === wwid);
    say(`${operand} ${isPath ? "is" : "is not"} a valid multipath device path`);
    return isPath ? 0 : 1;
  }
  if (flags.has("f") || flags.has("F")) {
    const chosen = mapsOf(devices).filter(
      ({ wwid }) => flags.has("F") || (device && wwidOf(device.wwn) === wwid),
    );
    if (chosen.length === 0 && flags.has("f")) return missing(call, operand);
    let code = 0;
    for (const map of chosen) {
      if (flush(world, map.wwid ?? "")) continue;
      call.stderr.write(`${map.wwid}: map in use\n`);
      code = 1;
    }
    settle(world);
    return code;
  }
  if (flags.has("l")) {
    for (const map of mapsOf(devices))
      if (operand === undefined || (device && device.wwn === map.wwn))
        call.stdout.write(topology(devices, map));
    warnOfDaemon(call, devices);
    return 0;
  }
  if (operand !== undefined && device === undefined)
    return missing(call, operand);
  if (flags.has("d")) return 0;
  const wwid = device && wwidOf(device.wwn);
  const added = assemble(world, (has) => wwid === undefined || has === wwid);
  settle(world);
  const after = disksOf(world);
  for (const map of mapsOf(after))
    if (added.includes(map.wwid ?? "") && !daemonRuns(world))
      call.stdout.write(`create: ${topology(after, map)}`);
  warnOfDaemon(call, after);
  return 0;
};

function warnOfDaemon(call: Call, devices: BlockDevices): void {
  if (mapsOf(devices).length > 0 && !daemonRuns(call.world))
    call.stderr.write(
      "Warning: multipath devices exist, but multipathd service is not running\n",
    );
}

/** By its node, its name or its WWID. */
function named(
  devices: BlockDevices,
  operand: string,
): KnownDevice | undefined {
  const path = operand.startsWith("/dev/") ? operand : `/dev/${operand}`;
  return (
    devices.find(path) ??
    devices.find(`/dev/mapper/${operand}`) ??
    devices.all().find(({ number }) => number.join(":") === operand)
  );
}

function missing(call: Call, operand: string | undefined): number {
  call.stderr.write(
    operand === undefined
      ? "the -w option requires a device\n"
      : `'${operand}' is not a valid argument\n`,
  );
  return 1;
}

function parse(
  call: Call,
): { flags: Set<string>; operand?: string } | undefined {
  const flags = new Set<string>();
  const operands: string[] = [];
  const words = [...call.words];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    for (let at = 1; at < word.length; at++) {
      const flag = word[at] ?? "";
      if (valued.includes(flag)) {
        if (at === word.length - 1 && words.shift() === undefined) {
          call.stderr.write(`Missing option argument\n${usage}`);
          return undefined;
        }
        break;
      }
      if (!plain.includes(flag)) {
        call.stderr.write(`Unknown switch: ${word}\n${usage}`);
        return undefined;
      }
      flags.add(flag);
    }
  }
  return { flags, operand: operands[0] };
}
