import {
  type Fault,
  type Faults,
  faultKinds,
  type LineState,
  lineStates,
} from "./faults";
import type { Flash } from "./flash";
import type { NamedLine } from "./lines";
import type { OpenwrtRouter } from "./router";
import { formatUci, type UciFile } from "./uci/file";

/** Plain data, so that it can come over a socket. */
export type OpenwrtCommand =
  | { do: "drift"; path: string; value?: string }
  | { do: "wan"; line: string; state: LineState }
  | { do: "fault"; fault: Fault }
  | { do: "faults" | "clear-faults" | "reboot" | "warnings" | "summary" }
  | { do: "config"; config: string };

export interface LineSummary {
  device: string;
  /** Undefined while no interface of the router has the port. */
  interface?: string;
  /** As mwan3 has it. */
  state: string;
  address?: string;
}

export interface Bendable {
  flash: Flash;
  faults: Faults;
  lines(): readonly NamedLine[];
  /** Not there while nothing runs. */
  router?: OpenwrtRouter;
}

/** Bends the router past its API, as a person at it or a fault would. */
export function control(bendable: Bendable, command: OpenwrtCommand): unknown {
  const { flash, faults, router } = bendable;
  switch (command.do) {
    case "drift":
      return drift(bendable, command.path, command.value);
    case "wan":
      return bendLine(bendable, command.line, command.state);
    case "fault":
      if (!(command.fault.kind in faultKinds))
        throw new Error(
          `there is no fault "${command.fault.kind}", known are ${Object.keys(faultKinds).join(", ")}`,
        );
      faults.add(command.fault);
      return faultsOf(bendable);
    case "clear-faults":
      faults.clear();
      return faultsOf(bendable);
    case "faults":
      return faultsOf(bendable);
    case "reboot":
      router?.powerOff();
      router?.boot();
      return "the router has lost its power and starts";
    case "warnings":
      return router?.log ?? [];
    case "config":
      return flash.read(`etc/config/${command.config}`) ?? "";
    case "summary":
      return {
        ...(router?.mwan3.status("interfaces", undefined) ?? {}),
        lines: router ? summaries(bendable, router) : [],
      };
  }
}

/** The lines that are bent among them. */
function faultsOf({ faults, lines }: Bendable): object[] {
  const bent = Object.entries(faults.lines)
    .filter(([, state]) => state !== "up")
    .map(([device, state]) => {
      const line = lines().find((item) => item.device === device)?.name;
      return { line: line ?? device, device, state };
    });
  return [...faults.list, ...bent];
}

function bendLine(
  { faults, lines }: Bendable,
  name: string,
  state: LineState,
): string {
  const found = lines().find((line) => line.name === name);
  if (found === undefined) {
    const names = lines().map((line) => line.name);
    throw new Error(
      `Unable to bend line "${name}": there is none, there are ${names.join(", ")}.`,
    );
  }
  if (!lineStates.includes(state))
    throw new Error(
      `Unable to bend line "${name}": there is no state "${state}", there are ${lineStates.join(", ")}.`,
    );
  faults.setLine(found.device, state);
  return `line ${name} (${found.device}) is ${state}`;
}

function summaries({ lines }: Bendable, router: OpenwrtRouter): LineSummary[] {
  const { interfaces } = router.mwan3.status("interfaces", undefined) as {
    interfaces: Record<string, { status: string }>;
  };
  const all = router.netifd.dump();
  return lines().map(({ device }) => {
    const found = all.find((item) => item.device === device);
    if (found === undefined) return { device, state: "not configured" };
    const [address] = found["ipv4-address"];
    return {
      device,
      interface: found.interface,
      state: interfaces[found.interface]?.status ?? "not watched",
      address: address && `${address.address}/${address.mask}`,
    };
  });
}

/** As a person does with `uci set`, `uci commit` and `reload_config`. */
function drift(
  { flash, router }: Bendable,
  path: string,
  value: string | undefined,
): string {
  const [config = "", section = "", option] = path.split(".");
  const refuse = (why: string, known: readonly (string | undefined)[]) => {
    const names = known.filter(Boolean).join(", ") || "none";
    return new Error(
      `Unable to drift "${path}" of the router: ${why}, there are ${names}.`,
    );
  };
  const file = flash.config(config);
  if (file === undefined)
    throw refuse(`it has no file "${config}"`, flash.list("etc/config"));
  const sections = file.map(({ name }) => name);
  if (section === "")
    throw refuse(
      `say which section, as in ${config}.SECTION or ${config}.SECTION.OPTION`,
      sections,
    );
  const found = file.find(({ name }) => name === section);
  if (found === undefined)
    throw refuse(`${config} has no section "${section}"`, sections);
  if (option === "" || (option === undefined && value !== undefined))
    throw refuse(`say which option, as in ${config}.${section}.OPTION`, [
      ...found.options.keys(),
    ]);
  if (option !== undefined && value === undefined && !found.options.has(option))
    throw refuse(`${config}.${section} has no option "${option}"`, [
      ...found.options.keys(),
    ]);
  change(file, section, option, value);
  flash.restore(config, formatUci(file));
  router?.changed([config]);
  return `${path}: ${value ?? "gone"}`;
}

function change(
  file: UciFile,
  name: string,
  option: string | undefined,
  value: string | undefined,
): void {
  const at = file.findIndex((item) => item.name === name);
  const section = file[at];
  if (option === undefined) file.splice(at, 1);
  else if (value === undefined) section?.options.delete(option);
  else
    section?.options.set(
      option,
      Array.isArray(section.options.get(option)) ? value.split(" ") : value,
    );
}
