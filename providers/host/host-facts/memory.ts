import type { MemoryModule } from "./facts";

const units: Record<string, number> = {
  kB: 2 ** 10,
  MB: 2 ** 20,
  GB: 2 ** 30,
  TB: 2 ** 40,
};

/** Of `dmidecode --type 17`: the sockets that hold a module. Undefined: there is no table. */
export function parseMemory(text: string): MemoryModule[] | undefined {
  const sockets = text
    .split(/\n\s*\n/)
    .filter((part) => /^Memory Device$/m.test(part));
  if (sockets.length === 0) return undefined;
  return sockets.map(socket).filter((module) => module !== undefined);
}

function socket(text: string): MemoryModule | undefined {
  const field = (name: string) =>
    new RegExp(`^\\t${name}: *(.*?) *$`, "m").exec(text)?.[1] ?? "";
  const [, amount, unit = ""] = /^(\d+) (\w+)$/.exec(field("Size")) ?? [];
  const bytes = Number(amount) * (units[unit] ?? 0);
  if (!(bytes > 0)) return undefined;
  const total = Number.parseInt(field("Total Width"), 10);
  const data = Number.parseInt(field("Data Width"), 10);
  return {
    locator: field("Locator"),
    sizeBytes: bytes,
    type: field("Type"),
    kind: kindOf(field("Type Detail")),
    ecc: total > 0 && data > 0 ? total > data : undefined,
    speed: transfers(field("Speed")),
    configuredSpeed: transfers(
      field("Configured Memory Speed") || field("Configured Clock Speed"),
    ),
    manufacturer: field("Manufacturer"),
    partNumber: field("Part Number"),
  };
}

function kindOf(detail: string): MemoryModule["kind"] {
  if (detail.includes("LRDIMM")) return "LRDIMM";
  if (/Unbuffered \(Unregistered\)/.test(detail)) return "UDIMM";
  if (/Registered \(Buffered\)/.test(detail)) return "RDIMM";
  return undefined;
}

function transfers(text: string): number | undefined {
  const [, value] = /^(\d+) (MT\/s|MHz)$/.exec(text) ?? [];
  return value === undefined ? undefined : Number(value);
}
