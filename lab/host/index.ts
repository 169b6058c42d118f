import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tools as coreutils } from "./coreutils";
import { bendDisk, type DiskFault } from "./disks";
import { Dispatch } from "./dispatch";
import { Faults, type HostFault, hostFaultKinds } from "./faults";
import { type KeyPair, makeKey } from "./key";
import { bendQat, type QatFault } from "./qat";
import { SshServer } from "./server";
import type { HostRecord, HostSpec } from "./spec";
import { HostWorld } from "./world";

export { type HostFault, hostFaultKinds } from "./faults";
export type { HostRecord, HostSpec, HostUser } from "./spec";
export type { Call, Tool } from "./tool";
export { HostWorld } from "./world";

/** Plain data, so that it can come over a socket. */
export type HostCommand =
  | { do: "run"; words: string[] }
  | { do: "fault"; fault: HostFault }
  | { do: "disk"; fault: DiskFault; disk: string; number?: number }
  | { do: "qat"; fault: QatFault; endpoint?: string }
  | { do: "faults" | "clear-faults" | "reboot" | "cut" };

export interface HostLab {
  endpoint: { address: string; port: number; hostKey: string };
  world: HostWorld;
  faults: Faults;
  /** Bends the machine past its net, as a person at it or a fault would. */
  control(command: HostCommand): Promise<unknown>;
  /** The net goes, for a moment. */
  cut(): void;
  /** The power goes and comes back: what runs ends, what is in memory is lost. */
  reboot(): void;
  close(): Promise<void>;
}

export interface HostOptions {
  directory: string;
  spec: HostSpec;
  record?: (entry: HostRecord) => void;
}

/** Starts the machine over what is in the directory. */
export async function startHost(options: HostOptions): Promise<HostLab> {
  const { directory, spec, record } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const world = new HostWorld(spec.name, directory);
  const key = hostKey(world);
  const sudoers = Object.fromEntries(
    Object.entries(spec.users).map(([name, { sudo }]) => [
      name,
      sudo === true ? `${name} ALL=(root) NOPASSWD: ALL` : (sudo ?? ""),
    ]),
  );
  world.save("users", { sudoers });
  const boot = () => {
    world.emptyMemory();
    for (const path of ["run/lock", "tmp", "etc", "root"])
      mkdirSync(join(world.root, path), { recursive: true });
    spec.boot?.(world);
  };
  const faults = new Faults(world);
  const short = mkdtempSync(join(tmpdir(), "hybrid-site-host-"));
  const dispatch = new Dispatch(
    world,
    { ...coreutils, ...spec.tools },
    faults,
    short,
  );
  const server = new SshServer({
    world,
    dispatch,
    hostKeys: [key.private],
    users: spec.users,
    record: (command) => record?.({ host: spec.name, command }),
  });
  faults.cut = () => server.cut();
  boot();
  await dispatch.listen();
  const port = await server.listen(spec.listen.host, spec.listen.port);
  const reboot = () => {
    server.powerOff();
    boot();
  };
  const control = async (command: HostCommand): Promise<unknown> => {
    switch (command.do) {
      case "run": {
        const { code, stdout, stderr } = await dispatch.call(command.words);
        const said = `${stdout}${stderr}`.trimEnd();
        if (code === 0) return said;
        throw new Error(`${command.words[0]} ended with ${code}: ${said}`);
      }
      case "fault":
        if (!(command.fault.kind in hostFaultKinds))
          throw new Error(
            `there is no fault "${command.fault.kind}", known are ${Object.keys(hostFaultKinds).join(", ")}`,
          );
        faults.add(command.fault);
        return faults.list;
      case "disk":
        return bendDisk(world, command.fault, command.disk, command.number);
      case "qat":
        return bendQat(world, command.fault, command.endpoint);
      case "clear-faults":
        faults.clear();
        return faults.list;
      case "faults":
        return faults.list;
      case "cut":
        server.cut();
        return `every connection to ${spec.name} is cut`;
      case "reboot":
        reboot();
        return `${spec.name} has lost its power and starts`;
    }
  };
  return {
    control,
    endpoint: { address: spec.listen.host, port, hostKey: key.public },
    world,
    faults,
    cut: () => server.cut(),
    reboot,
    close: async () => {
      await server.close();
      await dispatch.close();
      rmSync(short, { recursive: true, force: true });
    },
  };
}

/** Made at the first start, and never again. */
function hostKey(world: HostWorld): KeyPair {
  const kept = world.load<{ private?: string; public?: string }>("hostkey", {});
  if (kept.private !== undefined && kept.public !== undefined)
    return { private: kept.private, public: kept.public };
  const key = makeKey();
  world.save("hostkey", key);
  return key;
}
