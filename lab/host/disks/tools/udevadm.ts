import { gnu } from "../../coreutils/gnu";
import type { Tool } from "../../tool";
import { disksOf } from "../disks";
import { propertiesOf } from "../properties";
import { settle } from "../udev";

export const udevadm: Tool = (call) => {
  const [verb, ...words] = call.words;
  const inner = { ...call, words };
  switch (verb) {
    case "settle": {
      const parsed = gnu(inner, "udevadm", {
        timeout: { type: "string", short: "t" },
        "exit-if-exists": { type: "string", short: "E" },
      });
      if (parsed === undefined) return 1;
      settle(call.world);
      return 0;
    }
    case "trigger": {
      const parsed = gnu(inner, "udevadm", {
        action: { type: "string", short: "c" },
        "subsystem-match": { type: "string", short: "s" },
        settle: { type: "boolean", short: "w" },
      });
      if (parsed === undefined) return 1;
      settle(call.world);
      return 0;
    }
    case "info": {
      const parsed = gnu(inner, "udevadm", {
        query: { type: "string", short: "q" },
        name: { type: "string", short: "n" },
      });
      if (parsed === undefined) return 1;
      const path = `${parsed.flags.name ?? parsed.operands[0] ?? ""}`;
      const devices = disksOf(call.world);
      const device = devices.find(path.startsWith("/") ? path : `/dev/${path}`);
      if (device === undefined) {
        call.stderr.write(`Unknown device "${path}": No such device\n`);
        return 1;
      }
      const links = devices.links(device);
      if (parsed.flags.query === "symlink") {
        const names = links.map((link) => link.slice("/dev/".length));
        call.stdout.write(`${names.join(" ")}\n`);
        return 0;
      }
      const [major, minor] = device.number;
      const properties = {
        DEVNAME: `/dev/${device.name}`,
        DEVTYPE: device.partition === undefined ? "disk" : "partition",
        MAJOR: String(major),
        MINOR: String(minor),
        SUBSYSTEM: "block",
        DEVLINKS: links.join(" "),
        ...propertiesOf(device, devices),
      };
      for (const [name, value] of Object.entries(properties))
        call.stdout.write(`${name}=${value}\n`);
      return 0;
    }
    default:
      call.stderr.write(
        verb === undefined
          ? "udevadm: Missing command, use --help.\n"
          : `Unknown command verb '${verb}'.\n`,
      );
      return 1;
  }
};

export const partprobe: Tool = (call) => {
  const devices = disksOf(call.world);
  for (const path of call.words) {
    if (path.startsWith("-")) {
      call.stderr.write(`partprobe: invalid option -- '${path.slice(1, 2)}'\n`);
      return 1;
    }
    if (devices.find(path) !== undefined) continue;
    call.stderr.write(
      `Error: Could not stat device ${path} - No such file or directory.\n`,
    );
    return 1;
  }
  settle(call.world);
  return 0;
};
