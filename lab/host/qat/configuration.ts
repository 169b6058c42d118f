import { readFileSync } from "node:fs";
import type { HostWorld } from "../world";
import { banks, type Endpoint } from "./state";

type Sections = Record<string, Record<string, string>>;

export interface Configured
  extends Pick<Endpoint, "instances" | "configuration"> {
  /** Why the driver does not start with it. */
  problem?: string;
}

/** Of /etc/c6xx_devN.conf, as adf_ctl reads it. Undefined: there is none. */
export function readConfiguration(
  world: HostWorld,
  number: number,
): Configured | undefined {
  let text: string;
  try {
    text = readFileSync(world.path(`/etc/c6xx_dev${number}.conf`), "utf8");
  } catch {
    return undefined;
  }
  const sections = parse(text);
  const { GENERAL: general = {}, KERNEL: kernel = {}, ...user } = sections;
  const services = (general.ServicesEnabled ?? "").split(";");
  const count = (section: Record<string, string>, key: string) =>
    Number(section[key] ?? 0);
  const programs = Object.values(user).map(
    (section) =>
      (count(section, "NumberCyInstances") +
        count(section, "NumberDcInstances")) *
      count(section, "NumProcesses"),
  );
  const instances = {
    kernelCrypto: count(kernel, "NumberCyInstances"),
    kernelCompression: count(kernel, "NumberDcInstances"),
    user: programs.reduce((sum, value) => sum + value, 0),
  };
  return {
    instances,
    configuration: sections,
    problem: problemOf(services, sections, instances),
  };
}

function parse(text: string): Sections {
  const sections: Sections = {};
  let current: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const plain = line.replace(/#.*/, "").trim();
    const [, section] = /^\[(.+)\]$/.exec(plain) ?? [];
    if (section !== undefined) {
      current = {};
      sections[section] = current;
      continue;
    }
    const [key = "", value] = plain.split(/\s*=\s*/);
    if (value !== undefined) current[key] = value.replace(/^"(.*)"$/, "$1");
  }
  return sections;
}

function problemOf(
  services: readonly string[],
  sections: Sections,
  instances: Endpoint["instances"],
): string | undefined {
  const unknown = services.find(
    (service) => !["cy", "dc", "sym", "asym"].includes(service),
  );
  if (unknown !== undefined)
    return `Invalid value "${unknown}" for ServicesEnabled`;
  for (const section of Object.values(sections)) {
    const asks = (key: string) => Number(section[key] ?? 0) > 0;
    if (asks("NumberCyInstances") && !services.includes("cy"))
      return "cy instances without the service cy";
    if (asks("NumberDcInstances") && !services.includes("dc"))
      return "dc instances without the service dc";
  }
  const sum = Math.max(instances.kernelCrypto, instances.kernelCompression);
  return sum + instances.user > 2 * banks
    ? "Not enough free bundles"
    : undefined;
}
