import { alive, type BlockDevices, type KnownDevice } from "../devices";
import { human } from "../tools/lsblk-columns";

export interface PathState {
  device: KnownDevice;
  address: string;
  isUp: boolean;
}

/** The paths of a map, each in a group of its own: that is "failover". */
export function pathsOf(devices: BlockDevices, map: KnownDevice): PathState[] {
  return map.slaves.flatMap((name) => {
    const device = devices.all().find((other) => other.name === name);
    const [path] = device?.paths ?? [];
    if (device === undefined || path === undefined) return [];
    const isUp = alive(devices.world, path);
    return [{ device, address: path.address.join(":"), isUp }];
  });
}

export function mapsOf(devices: BlockDevices): KnownDevice[] {
  return devices.all().filter(({ kind }) => kind === "mpath");
}

function groupStates(paths: readonly PathState[]): string[] {
  const active = paths.findIndex(({ isUp }) => isUp);
  return paths.map(({ isUp }, index) =>
    index === active ? "active" : isUp ? "enabled" : "enabled",
  );
}

/** As `multipath -ll` prints it. */
export function topology(devices: BlockDevices, map: KnownDevice): string {
  const { spec } = map;
  const paths = pathsOf(devices, map);
  const states = groupStates(paths);
  const names = Math.max(0, ...paths.map(({ device }) => device.name.length));
  const numbers = paths.map(({ device }) => device.number.join(":"));
  const wide = Math.max(0, ...numbers.map(({ length }) => length));
  const lines = [
    `${map.wwid} ${map.name} ${spec.vendor.trim()},${spec.model.trim()}`,
    `size=${human(map.sizeBytes)} features='0' hwhandler='0' wp=rw`,
  ];
  for (const [index, { address, device, isUp }] of paths.entries()) {
    const isLast = index === paths.length - 1;
    const priority = isUp ? 1 : 0;
    lines.push(
      `${isLast ? "`" : "|"}-+- policy='service-time 0' prio=${priority} status=${states[index]}`,
      `${isLast ? " " : "|"} \`- ${address} ${device.name.padEnd(names)} ${(numbers[index] ?? "").padEnd(wide)} ${isUp ? "active ready running" : "failed faulty offline"}`,
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** As `multipathd show maps json` prints it. */
export function mapsJson(devices: BlockDevices): string {
  const maps = mapsOf(devices).map((map) => {
    const paths = pathsOf(devices, map);
    const states = groupStates(paths);
    const lost = paths.filter(({ isUp }) => !isUp).length;
    return {
      name: map.wwid,
      uuid: map.wwid,
      sysfs: map.name,
      failback: "manual",
      queueing: "-",
      paths: paths.length,
      write_prot: "rw",
      dm_st: "active",
      features: "0",
      hwhandler: "0",
      action: "",
      path_faults: lost,
      vend: map.spec.vendor.trim(),
      prod: map.spec.model.trim(),
      rev: "0004",
      switch_grp: 0,
      map_loads: 1,
      total_q_time: 0,
      q_timeouts: 0,
      path_groups: paths.map(({ address, device, isUp }, index) => ({
        selector: "service-time 0",
        pri: isUp ? 1 : 0,
        dm_st: states[index],
        marginal_st: "normal",
        group: index + 1,
        paths: [
          {
            dev: device.name,
            dev_t: device.number.join(":"),
            dm_st: isUp ? "active" : "failed",
            dev_st: isUp ? "running" : "offline",
            chk_st: isUp ? "ready" : "faulty",
            checker: "tur",
            pri: isUp ? 1 : 0,
            host_wwnn: "[undef]",
            target_wwnn: device.wwn,
            host_wwpn: "[undef]",
            target_wwpn: "[undef]",
            host_adapter: `host${address.split(":")[0]}`,
            lun_hex: "0x0000000000000000",
            marginal_st: "normal",
          },
        ],
      })),
    };
  });
  return `${JSON.stringify({ major_version: 0, minor_version: 1, maps }, null, 3)}\n`;
}
