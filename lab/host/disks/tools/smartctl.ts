import type { Call, Tool } from "../../tool";
import { bytesFrom } from "../contents/formats";
import { alive, type KnownDevice } from "../devices";
import { disksOf } from "../disks";

const known = new Set([
  "-j",
  "--json",
  "-a",
  "--all",
  "-i",
  "--info",
  "-H",
  "--health",
  "-A",
  "--attributes",
  "-x",
  "--xall",
]);

/** As smartmontools 7.4, in JSON. */
export const smartctl: Tool = (call) => {
  const flags = call.words.filter((word) => word.startsWith("-"));
  const unknown = flags.find((flag) => !known.has(flag));
  if (unknown !== undefined) {
    call.stdout.write(
      `smartctl 7.4 2023-08-01 r5530 [x86_64-linux-6.12.0-amd64] (local build)\n\n=======> UNRECOGNIZED OPTION: ${unknown.replace(/^-+/, "")}\n\nUse smartctl -h to get a usage summary\n\n`,
    );
    return 1;
  }
  const [path] = call.words.filter((word) => !word.startsWith("-"));
  const device = disksOf(call.world).find(path ?? "");
  const fail = (text: string, code: number): number => {
    const messages = [{ string: text, severity: "error" }];
    call.stdout.write(json(call, code, { messages }, {}));
    return code;
  };
  if (path === undefined)
    return fail(
      "ERROR: smartctl requires a device name as the final command-line argument.",
      1,
    );
  if (device === undefined || device.kind !== "disk")
    return fail(`${path}: Unable to detect device type`, 1);
  if (call.user !== "root")
    return fail(`Smartctl open device: ${path} failed: Permission denied`, 2);
  const [first] = device.paths;
  if (first === undefined || !alive(call.world, first))
    return fail(
      `Smartctl open device: ${path} failed: No such device or address`,
      2,
    );
  call.stdout.write(json(call, 0, {}, facts(device, path)));
  return 0;
};

function json(call: Call, code: number, more: object, facts: object): string {
  const now = new Date();
  const value = {
    json_format_version: [1, 0],
    smartctl: {
      version: [7, 4],
      pre_release: false,
      svn_revision: "5530",
      platform_info: "x86_64-linux-6.12.0-amd64",
      build_info: "(local build)",
      argv: ["smartctl", ...call.words],
      ...more,
      exit_status: code,
    },
    local_time: {
      time_t: Math.floor(now.getTime() / 1000),
      asctime: now.toUTCString(),
    },
    ...facts,
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

function facts(device: KnownDevice, path: string): object {
  const { spec } = device;
  const isAta = spec.vendor === "ATA";
  const common = {
    device: {
      name: path,
      info_name: isAta ? `${path} [SAT]` : path,
      type: isAta ? "sat" : "scsi",
      protocol: isAta ? "ATA" : "SCSI",
    },
    user_capacity: {
      blocks: spec.sizeBytes / 512,
      bytes: spec.sizeBytes,
    },
    logical_block_size: 512,
    physical_block_size: 4096,
    rotation_rate: spec.rotational ? 7200 : 0,
    serial_number: spec.serial,
    smart_support: { available: true, enabled: true },
    smart_status: { passed: true },
    power_on_time: {
      hours: 20_000 + (bytesFrom(spec.serial, 2).readUInt16LE(0) % 10_000),
    },
  };
  if (isAta)
    return {
      ...common,
      model_name: spec.model,
      firmware_version: "0004",
      wwn: {
        naa: Number.parseInt(spec.wwn.slice(2, 3), 16),
        oui: Number.parseInt(spec.wwn.slice(3, 9), 16),
        id: Number.parseInt(spec.wwn.slice(9), 16),
      },
      temperature: { current: 34 },
    };
  return {
    ...common,
    scsi_vendor: spec.vendor,
    scsi_product: spec.model,
    scsi_model_name: `${spec.vendor} ${spec.model}`,
    scsi_revision: "0004",
    scsi_version: "SPC-4",
    logical_unit_id: spec.wwn,
    device_type: {
      scsi_terminology: "Peripheral Device Type [PDT]",
      scsi_value: 0,
      name: "disk",
    },
    scsi_transport_protocol: { name: "SAS (SPL-4)", value: 6 },
    temperature: { current: 34, drive_trip: 60 },
    scsi_grown_defect_list: 0,
    scsi_error_counter_log: {
      read: counters,
      write: counters,
      verify: counters,
    },
  };
}

const counters = {
  errors_corrected_by_eccfast: 0,
  errors_corrected_by_eccdelayed: 0,
  errors_corrected_by_rereads_rewrites: 0,
  total_errors_corrected: 0,
  correction_algorithm_invocations: 0,
  gigabytes_processed: "0.000",
  total_uncorrected_errors: 0,
};
