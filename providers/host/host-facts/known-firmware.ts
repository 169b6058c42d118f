import type { Facts } from "./facts";

interface BadFirmware {
  /** Vendor and device of the chips. */
  ids: readonly string[];
  chip: string;
  /** The first that is bad, and the first that is not again. */
  from: string;
  before: string;
  fact: string;
  remedy: string;
}

/**
 * Firmware that loses data or disks, by the chip: boards of other makers carry
 * the same. pci.ids names the chips.
 *
 * Of phase 20: FreeBSD bug 195818 (iuCRC errors and time-outs of a SAS2004 and
 * a SAS2116 with 20.00.00.00, gone with phase 19); ceph.io, "Downgrade LSI 9207
 * to P19 Firmware", 2015 (the same of a SAS2308). Assumed, since no word of the
 * maker's was found: that each build before 20.00.07.00 is meant, as builds up
 * to 20.00.04.00 are in users' reports, and that the SAS2008 is as its family.
 */
export const badFirmware: readonly BadFirmware[] = [
  {
    ids: ["1000:0064", "1000:0070", "1000:0072", "1000:0086", "1000:0087"],
    chip: "SAS2xxx",
    from: "20.00.00.00",
    before: "20.00.07.00",
    fact: "early builds of phase 20 give CRC errors, time-outs and, as users report, wrong data",
    remedy:
      "put 20.00.07.00 on it by hand (sas2flash), with its pools exported, and scrub them afterwards",
  },
];

export function firmwareFindings({ pci, hbas }: Facts): string[] {
  return hbas.flatMap(({ address, firmware }) => {
    const id = pci.find((device) => device.address === address)?.id ?? "";
    return badFirmware
      .filter(
        (bad) =>
          bad.ids.includes(id) &&
          compare(firmware, bad.from) >= 0 &&
          compare(firmware, bad.before) < 0,
      )
      .map(
        ({ chip, fact, remedy }) =>
          `PCI ${address}: firmware ${firmware} is known to be bad: of a ${chip} ${fact}; ${remedy}`,
      );
  });
}

/** Of "20.00.07.00" by its numbers; what is none is before all. */
function compare(one: string, other: string): number {
  const [a, b] = [one, other].map((text) =>
    /^\d+(\.\d+)*$/.test(text) ? text.split(".").map(Number) : [-1],
  ) as [number[], number[]];
  const at = a.findIndex((number, index) => number !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
