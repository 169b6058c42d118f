import {
  type Fault,
  type Faults,
  faultKinds,
  type LineState,
  lineStates,
} from "./faults";
import type { Flash } from "./flash";
import type { OpenwrtRouter } from "./router";
import { formatUci, type UciFile } from "./uci/file";

/** Plain data, so that it can come over a socket. */
export type OpenwrtCommand =
  | { do: "drift"; path: string; value?: string }
  | { do: "wan"; device: string; state: LineState }
  | { do: "fault"; fault: Fault }
  | { do: "faults" | "clear-faults" | "reboot" | "warnings" | "summary" }
  | { do: "config"; config: string };

export interface Bendable {
  flash: Flash;
  faults: Faults;
  /** Not there while nothing runs. */
  router?: OpenwrtRouter;
}

/** Bends the router past its API, as a person at it or a fault would. */
export function control(bendable: Bendable, command: OpenwrtCommand): unknown {
  const { flash, faults, router } = bendable;
  switch (command.do) {
    case "drift":
      return drift(bendable, command.path, command.value);
    case "wan": {
      if (!lineStates.includes(command.state))
        throw new Error(
          `there is no state "${command.state}", there are ${lineStates.join(", ")}`,
        );
      faults.setLine(command.device, command.state);
      return `${command.device} is ${command.state}`;
    }
    case "fault":
      if (!(command.fault.kind in faultKinds))
        throw new Error(
          `there is no fault "${command.fault.kind}", known are ${Object.keys(faultKinds).join(", ")}`,
        );
      faults.add(command.fault);
      return faults.list;
    case "clear-faults":
      faults.clear();
      return faults.list;
    case "faults":
      return faults.list;
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
        interfaces: router?.netifd.dump() ?? [],
        ...(router?.mwan3.status("interfaces", undefined) ?? {}),
      };
  }
}

/** As a person does with `uci set`, `uci commit` and `reload_config`. */
function drift(
  { flash, router }: Bendable,
  path: string,
  value: string | undefined,
): string {
  const [config = "", section = "", option] = path.split(".");
  const file = flash.config(config);
  if (file === undefined)
    throw new Error(
      `there is no file "${config}", there are ${flash.list("etc/config").join(", ")}`,
    );
  const found = file.find(({ name }) => name === section);
  if (found === undefined)
    throw new Error(
      `there is no section "${section}" in ${config}, there are ${file.map(({ name }) => name).join(", ")}`,
    );
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
