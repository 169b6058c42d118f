import type { Call, Tool } from "../../tool";
import { bytesFrom } from "../contents/formats";
import { alive, type KnownDevice } from "../devices";
import { disksOf } from "../disks";
import { changeFaults, loadFaults } from "../state";

const known = [
  /^(-[aiHAx]|--(all|info|health|attributes|xall))$/,
  /^(-j|--json)(=[cgiosuvy]*)?$/,
];
const powerModes = /^(never|(sleep|standby|idle)(,\d{1,3}){0,2})$/;

interface Parsed {
  device?: string;
  isCompact: boolean;
  nocheck?: string;
  /** What it says of an option that it does not know. */
  refusal?: string;
}

function parse(words: readonly string[]): Parsed {
  const parsed: Parsed = { isCompact: false };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, mode = word === "-n" ? rest.shift() : undefined] =
      /^(?:--nocheck=|-n(?=.))(.*)$/.exec(word) ?? [];
    if (mode !== undefined) {
      if (!powerModes.test(mode))
        parsed.refusal = `INVALID ARGUMENT TO -n: ${mode}\n=======> VALID ARGUMENTS ARE: never, sleep[,STATUS[,STATUS2]], standby[,STATUS[,STATUS2]], idle[,STATUS[,STATUS2]] <=======`;
      parsed.nocheck = mode;
    } else if (!word.startsWith("-")) parsed.device ??= word;
    else if (known.some((option) => option.test(word)))
      parsed.isCompact ||= /=.*c/.test(word);
    else parsed.refusal = `UNRECOGNIZED OPTION: ${word.replace(/^-+/, "")}`;
  }
  return parsed;
}

/** As smartmontools 7.4, in JSON; its exit code is a sum of bits, see smartctl(8). */
export const smartctl: Tool = (call) => {
  const { device: path, isCompact, nocheck, refusal } = parse(call.words);
  if (refusal !== undefined) {
    call.stdout.write(
      `smartctl 7.4 2023-08-01 r5530 [x86_64-linux-6.12.0-amd64] (local build)\n\n=======> ${refusal}\n\nUse smartctl -h to get a usage summary\n\n`,
    );
    return 1;
  }
  const device = disksOf(call.world).find(path ?? "");
  const say = (code: number, more: object, facts: object): number => {
    const value = json(call, code, more, facts);
    call.stdout.write(
      `${JSON.stringify(value, null, isCompact ? undefined : 2)}\n`,
    );
    return code;
  };
  const message = (string: string, code: number, severity = "error") =>
    say(code, { messages: [{ string, severity }] }, {});
  if (path === undefined)
    return message(
      "ERROR: smartctl requires a device name as the final command-line argument.",
      1,
    );
  if (device === undefined || device.kind !== "disk")
    return message(`${path}: Unable to detect device type`, 1);
  if (call.user !== "root")
    return message(
      `Smartctl open device: ${path} failed: Permission denied`,
      2,
    );
  const [first] = device.paths;
  if (first === undefined || !alive(call.world, first))
    return message(
      `Smartctl open device: ${path} failed: No such device or address`,
      2,
    );
  const health = loadFaults(call.world).smart?.[device.serial];
  if (health === "asleep") {
    const [mode = "", status = "2"] = nocheck?.split(",") ?? [];
    if (/standby|idle/.test(mode))
      return message(
        `Device is in STANDBY${device.spec.vendor === "ATA" ? "" : "_Z BY TIMER"} mode, exit(${status})`,
        Number(status),
        "information",
      );
    // What is read of it has to be read from its platters: it spins up.
    changeFaults(call.world, ({ smart }) => {
      delete smart?.[device.serial];
    });
  }
  const isFailing = health === "failing";
  // An ATA disk has the attribute below its threshold, and its log of errors.
  const bits = device.spec.vendor === "ATA" ? 8 + 16 + 64 : 8;
  return say(isFailing ? bits : 0, {}, facts(device, path, isFailing));
};

function json(call: Call, code: number, more: object, facts: object): object {
  const now = new Date();
  return {
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
}

function facts(device: KnownDevice, path: string, isFailing: boolean): object {
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
    smart_status: { passed: !isFailing },
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
      ata_smart_attributes: {
        revision: 16,
        table: [
          attribute(5, "Reallocated_Sector_Ct", 10, isFailing ? 2_480 : 0),
          attribute(197, "Current_Pending_Sector", 0, isFailing ? 8 : 0),
          attribute(198, "Offline_Uncorrectable", 0, isFailing ? 8 : 0),
          attribute(199, "UDMA_CRC_Error_Count", 0, 0),
        ],
      },
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
    scsi_grown_defect_list: isFailing ? 248 : 0,
    scsi_error_counter_log: {
      read: { ...counters, total_uncorrected_errors: isFailing ? 3 : 0 },
      write: counters,
      verify: counters,
    },
  };
}

function attribute(
  id: number,
  name: string,
  thresh: number,
  raw: number,
): object {
  const value = thresh > 0 && raw > 0 ? 5 : 100;
  return {
    id,
    name,
    value,
    worst: value,
    thresh,
    when_failed: value <= thresh ? "now" : "",
    raw: { value: raw, string: `${raw}` },
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
