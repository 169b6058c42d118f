import { sameProperties } from "../../property-string";
import { decodeKeys } from "./cloud-init";
import { scalarDefaults } from "./scalars";

/** The key of a property string that may be left out, and what PVE takes for one that is missing. */
const formats: readonly [RegExp, string, Record<string, string>?][] = [
  [/^net\d+$/, "model", { firewall: "0", link_down: "0" }],
  [
    /^(scsi|virtio|sata|ide)\d+$/,
    "file",
    { discard: "ignore", ssd: "0", iothread: "0", backup: "1", replicate: "1" },
  ],
  [/^ipconfig\d+$/, "ip"],
  [/^hostpci\d+$/, "host", { pcie: "0", rombar: "1", "x-vga": "0" }],
  [/^usb\d+$/, "host", { usb3: "0" }],
  [/^numa\d+$/, ""],
  [/^agent$/, "enabled", { enabled: "0" }],
  [/^memory$/, "current", { current: "512" }],
  [/^cpu$/, "cputype", { cputype: "kvm64" }],
  [/^machine$/, "type", { type: "pc" }],
  [/^vga$/, "type", { type: "std" }],
  [/^startup$/, "order"],
  [/^boot$/, "legacy"],
];

/** Whether a key says what is wanted of it, in whatever form PVE keeps it. */
export function sameSetting(
  key: string,
  current: string | undefined,
  wanted: string,
): boolean {
  const format = formats.find(([pattern]) => pattern.test(key));
  if (format) {
    const [, defaultKey, defaults = {}] = format;
    // A missing key means its defaults, unless it is a device.
    if (current === undefined && /\d$/.test(key)) return false;
    return sameProperties(current ?? "", wanted, defaultKey, defaults);
  }
  const value = current ?? scalarDefaults[key];
  if (value === undefined) return false;
  const sorted = (text: string) => text.split(/[;, ]/).sort().join();
  if (key === "tags" || key === "hotplug") {
    return sorted(value) === sorted(wanted);
  }
  if (key === "sshkeys") {
    return decodeKeys(value).join() === decodeKeys(wanted).join();
  }
  // PVE ends a description with a newline.
  return value.trim() === wanted.trim();
}
