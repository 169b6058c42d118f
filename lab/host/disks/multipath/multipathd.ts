import type { Tool } from "../../tool";
import { disksOf } from "../disks";
import { wwidOf } from "../spec";
import { settle } from "../udev";
import { assemble, daemonRuns } from "./maps";
import { mapsJson, mapsOf, pathsOf, topology } from "./topology";

/** The words are one command to the daemon. */
export const multipathd: Tool = (call) => {
  const reply = (text: string): number => {
    call.stdout.write(text);
    return 0;
  };
  if (call.user !== "root") {
    call.stderr.write("need to be root\n");
    return 1;
  }
  if (!daemonRuns(call.world)) {
    call.stderr.write("ERROR: failed to connect to multipathd\n");
    return 1;
  }
  const words = call.words[0] === "-k" ? call.words.slice(1) : call.words;
  const command = words
    .join(" ")
    .replace(/^list /, "show ")
    .replace(/^show multipaths/, "show maps");
  const devices = disksOf(call.world);
  switch (command) {
    case "reconfigure":
    case "reconfigure all":
      assemble(call.world);
      settle(call.world);
      return reply("ok\n");
    case "show maps json":
      return reply(mapsJson(devices));
    case "show topology":
    case "show maps topology":
      return reply(
        mapsOf(devices)
          .map((map) => topology(devices, map))
          .join(""),
      );
    case "show maps": {
      const maps = mapsOf(devices);
      const width = Math.max(4, ...maps.map(({ wwid }) => wwid?.length ?? 0));
      const lines = maps.map(
        ({ name, wwid = "" }) =>
          `${wwid.padEnd(width)} ${name.padEnd(5)} ${wwid}\n`,
      );
      return reply(
        maps.length === 0
          ? ""
          : `${"name".padEnd(width)} sysfs uuid\n${lines.join("")}`,
      );
    }
    case "show daemon":
      return reply("pid 512 running\n");
  }
  const format = /^show paths format (.+)$/.exec(command)?.[1];
  if (format !== undefined) {
    const states = mapsOf(devices).flatMap((map) => pathsOf(devices, map));
    const rows = states.map(({ address, device, isUp }) => ({
      d: device.name,
      D: device.number.join(":"),
      w: wwidOf(device.wwn),
      m: wwidOf(device.wwn),
      i: address,
      t: isUp ? "active" : "failed",
      o: isUp ? "running" : "offline",
      T: isUp ? "ready" : "faulty",
      s: `${device.spec.vendor.trim()},${device.spec.model.trim()}`,
      z: device.serial,
    }));
    return reply(formatted(format.replaceAll('"', ""), rows));
  }
  return reply("fail\n") + 1;
};

const headings: Record<string, string> = {
  d: "dev",
  D: "dev_t",
  w: "uuid",
  m: "multipath",
  i: "hcil",
  t: "dm_st",
  o: "dev_st",
  T: "chk_st",
  s: "vend/prod/rev",
  z: "serial",
};

function formatted(
  format: string,
  rows: readonly Record<string, string>[],
): string {
  const width = (key: string): number =>
    Math.max(
      headings[key]?.length ?? 0,
      ...rows.map((row) => row[key]?.length ?? 0),
    );
  return [headings, ...rows]
    .map((row) =>
      format
        .replace(/%(.)/g, (_, key: string) =>
          (row[key] ?? "").padEnd(width(key)),
        )
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}
