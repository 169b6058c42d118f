import { head } from "./files";
import type { QatDeviceInputs } from "./model";

type Configured = Pick<QatDeviceInputs, "services" | "instances">;

/** Of a program's section without a name of its own: the OpenSSL engine's. */
const engineSection = "SHIM";

/** What the driver out of the tree starts an endpoint with. */
export function render(
  name: string,
  { services = [], instances = {} }: Configured,
): string {
  const { kernel = {}, user } = instances;
  const sections = [
    section("GENERAL", {
      ServicesEnabled: services.join(";"),
      ServicesProfile: "DEFAULT",
      ConfigVersion: 2,
      CyNumConcurrentSymRequests: 512,
      CyNumConcurrentAsymRequests: 64,
      AutoResetOnError: 0,
    }),
    section("KERNEL", {
      NumberCyInstances: kernel.crypto ?? 0,
      NumberDcInstances: kernel.compression ?? 0,
      ...each("Cy", kernel.crypto ?? 0, "IPSec", 0),
      ...each("Dc", kernel.compression ?? 0, "IPComp", 0),
    }),
  ];
  if (user) {
    const { crypto = 0, compression = 0, processes = 1 } = user;
    sections.push(
      section(user.section ?? engineSection, {
        NumberCyInstances: crypto,
        NumberDcInstances: compression,
        NumProcesses: processes,
        LimitDevAccess: 0,
        ...each("Cy", crypto, "UserCY", 1),
        ...each("Dc", compression, "UserDC", 1),
      }),
    );
  }
  return `${head(name)}${sections.join("\n")}`;
}

function section(name: string, keys: Record<string, string | number>): string {
  const lines = Object.entries(keys).map(
    ([key, value]) => `${key} = ${value}\n`,
  );
  return `[${name}]\n${lines.join("")}`;
}

function each(
  kind: "Cy" | "Dc",
  count: number,
  name: string,
  polled: 0 | 1,
): Record<string, string | number> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      [`${kind}${at}Name`, `"${name}${at}"`] as const,
      [`${kind}${at}IsPolled`, polled] as const,
      [`${kind}${at}CoreAffinity`, at] as const,
    ]).flat(),
  );
}

/** What a file of the form above says; undefined: it is of another. What is as declared stays as it was written. */
export function parseConfiguration(
  text: string,
  declared: Configured,
): Configured | undefined {
  const sections = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name] = /^\[(.+)\]$/.exec(line) ?? [];
    if (name !== undefined) {
      current = new Map();
      sections.set(name, current);
    }
    const [, key, value = ""] = /^(\w+) = (.*)$/.exec(line) ?? [];
    if (key !== undefined) current.set(key, value);
  }
  const services = sections.get("GENERAL")?.get("ServicesEnabled")?.split(";");
  if (!services?.every((item) => item === "cy" || item === "dc"))
    return undefined;
  const number = (section: string, key: string) =>
    Number(sections.get(section)?.get(key) ?? 0);
  const counts = (section: string) => ({
    crypto: number(section, "NumberCyInstances"),
    compression: number(section, "NumberDcInstances"),
  });
  const [section] = [...sections.keys()].filter(
    (key) => key !== "GENERAL" && key !== "KERNEL",
  );
  const found: Configured = {
    services,
    instances: {
      kernel: counts("KERNEL"),
      ...(section !== undefined && {
        user: {
          section,
          ...counts(section),
          processes: number(section, "NumProcesses"),
        },
      }),
    },
  };
  return isSame(found, declared) ? declared : found;
}

export function isSame(left: Configured, right: Configured): boolean {
  return render("", left) === render("", right);
}
