import { type Call, requirePrivilege } from "./call";
import { die } from "./failure";
import { parse } from "./property-strings";

const privilegeOf: [RegExp, string][] = [
  [/^(cores|sockets|cpu|numa)$/, "VM.Config.CPU"],
  [/^(memory|balloon)$/, "VM.Config.Memory"],
  [/^net\d/, "VM.Config.Network"],
  [/^(ci|ipconfig|sshkeys|nameserver|searchdomain)/, "VM.Config.Cloudinit"],
  [/^(scsi|virtio|sata|ide)\d/, "VM.Config.Disk"],
  [
    /^(ostype|scsihw|bios|machine|serial|vga|hotplug|tablet)/,
    "VM.Config.HWType",
  ],
];

export function requireConfigPrivileges(call: Call, keys: string[]): void {
  const path = `/vms/${call.places[0] ?? call.params.vmid}`;
  for (const key of keys) {
    const privilege = privilegeOf.find(([pattern]) => pattern.test(key))?.[1];
    requirePrivilege(call, path, privilege ?? "VM.Config.Options");
    const bridge =
      key.startsWith("net") &&
      call.params[key] &&
      parse(call.params[key], "model").bridge;
    if (bridge)
      requirePrivilege(call, `/sdn/zones/localnetwork/${bridge}`, "SDN.Use");
  }
}

/** As a worker finds the guest's configuration lock: had in time, or not. */
export async function lockTimeout(call: Call, id: number): Promise<void> {
  const subject = call.places[0] ?? call.params.vmid ?? call.params.newid ?? "";
  if (call.faults.hit(["lock-timeout"], call.node.name, subject)) {
    throw die(
      `can't lock file '/var/lock/qemu-server/lock-${id}.conf' - got timeout`,
    );
  }
  await call.tasks.unlocked(call.cluster, id);
}

/** A worker that holds the guest's lock until its effect. */
export function task(
  call: Call,
  type: string,
  id: number,
  effect: string,
  args: Record<string, unknown> = {},
  failure?: string,
): string {
  return call.tasks.start({
    node: call.node.name,
    cluster: call.cluster,
    type,
    id,
    user: call.user,
    locks: id,
    effect,
    args: { cluster: call.cluster, vmid: id, ...args },
    failure,
  });
}
