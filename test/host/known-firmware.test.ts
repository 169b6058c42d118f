import type { Facts } from "../../providers/host/host-facts/facts";
import {
  badFirmware,
  firmwareFindings,
} from "../../providers/host/host-facts/known-firmware";

const address = "0000:01:00.0";

const findings = (firmware: string, id = "1000:0087") =>
  firmwareFindings({
    pci: [{ address, class: "", id, name: "" }],
    hbas: [{ address, driver: "mpt2sas", board: "", firmware, mode: "IT" }],
    disks: [],
    versions: { distribution: "", kernel: "" },
  } as unknown as Facts);

test.each([
  ["19.00.00.00", 0],
  ["20.00.00.00", 1],
  ["20.00.02.00", 1],
  ["20.00.06.00", 1],
  ["20.00.07.00", 0],
  ["20.00.10.00", 0],
  ["21.00.00.00", 0],
  ["", 0],
  ["unknown", 0],
])("firmware %s of a SAS2308 has %i findings", (firmware, count) => {
  expect(findings(firmware)).toHaveLength(count);
});

test("a number of another chip's firmware says nothing", () => {
  expect(findings("20.00.02.00", "1000:0097")).toEqual([]);
});

test.each(
  badFirmware.flatMap((bad) => bad.ids.map((id) => [id, bad] as const)),
)(
  "chip %s is told from its first bad firmware on, with what to do",
  (id, { from, before, remedy }) => {
    expect(findings(from, id)).toEqual([expect.stringContaining(remedy)]);
    expect(findings(before, id)).toEqual([]);
  },
);
