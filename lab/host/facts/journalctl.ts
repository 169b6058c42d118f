import { gnu } from "../coreutils/gnu";
import type { Tool } from "../tool";
import type { FactsSpec, HbaSpec } from "./spec";

/** The kernel's messages of this boot, of which those of SAS and QAT drivers matter. */
export const journalctl: Tool = (call) => {
  const parsed = gnu(call, "journalctl", {
    dmesg: { type: "boolean", short: "k" },
    "no-pager": { type: "boolean" },
    output: { type: "string", short: "o" },
    grep: { type: "string", short: "g" },
  });
  if (parsed === undefined) return 1;
  const { output = "short", grep = "" } = parsed.flags;
  if (!["short", "cat"].includes(`${output}`)) {
    call.stderr.write(`Unknown output format '${output}'.\n`);
    return 1;
  }
  const { hbas = [] } = call.world.load<Partial<FactsSpec>>("facts", {});
  const head =
    output === "cat" ? "" : `Nov 25 06:12:04 ${call.world.name} kernel: `;
  const { log = [] } = call.world.load<{ log?: string[] }>("qat", {});
  const lines = [...hbas.flatMap(startLines), ...log].filter((line) =>
    new RegExp(`${grep}`).test(line),
  );
  for (const line of lines) call.stdout.write(`${head}${line}\n`);
  if (lines.length > 0) return 0;
  if (output !== "cat") call.stdout.write("-- No entries --\n");
  return 1;
};

function startLines(hba: HbaSpec): string[] {
  if (hba.isLogGone) return [];
  const name = `${hba.driver}_cm${hba.number}`;
  const raid = hba.raid ? "Raid," : "";
  return [
    `${name}: ${hba.chip}: FWVersion(${hba.firmware}), ChipRevision(0x05), BiosVersion(${hba.bios})`,
    `${name}: Protocol=(Initiator${hba.raid ? "" : ",Target"}), Capabilities=(${raid}TLR,EEDP,Snapshot Buffer,Diag Trace Buffer,Task Set Full,NCQ)`,
    `scsi host${hba.host}: Fusion MPT SAS Host`,
    `${name}: port enable: SUCCESS`,
  ];
}
