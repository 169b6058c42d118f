import { createHash } from "node:crypto";
import { type Call, type Route, requirePrivilege } from "./call";
import { die } from "./failure";
import { checkGuest, checkLock } from "./guest-config";
import { lockTimeout, task } from "./guest-work";
import { boolean, integer, string } from "./parameters";
import { parse } from "./property-strings";
import type { Guest } from "./world";

const one = "/nodes/{node}/qemu/{vmid}";
/** From power-on to the agent's first answer. */
const bootMs = 1_500;

function action(
  name: string,
  type: string,
  optional: Record<string, typeof string>,
  effect: string,
  check: (guest: Guest) => void,
): Route {
  return {
    method: "POST",
    path: `${one}/status/${name}`,
    schema: { optional: { ...optional, skiplock: boolean } },
    handle: async (call) => {
      const guest = checkGuest(call);
      requirePrivilege(call, `/vms/${guest.vmid}`, "VM.PowerMgmt");
      await lockTimeout(call, guest.vmid);
      checkLock(guest);
      check(guest);
      return task(call, type, guest.vmid, effect, { node: call.node.name });
    },
  };
}

function isRunning({ vmid, status }: Guest): void {
  if (status !== "running") throw die(`VM ${vmid} is not running`);
}

function mayStart({ vmid, status, config }: Guest): void {
  if (status === "running") throw die(`VM ${vmid} is already running`);
  if (config.template === 1)
    throw die("you can't start a vm if it's a template");
}

export const powerRoutes: Route[] = [
  action(
    "start",
    "qmstart",
    { timeout: integer(0), machine: string },
    "started",
    mayStart,
  ),
  action(
    "stop",
    "qmstop",
    { timeout: integer(0), keepActive: boolean },
    "stopped",
    () => undefined,
  ),
  action(
    "shutdown",
    "qmshutdown",
    { timeout: integer(0), forceStop: boolean, keepActive: boolean },
    "stopped",
    isRunning,
  ),
  action("reboot", "qmreboot", { timeout: integer(0) }, "restarted", isRunning),
  action("reset", "qmreset", {}, "nothing", isRunning),
  {
    method: "GET",
    path: `${one}/status/current`,
    handle: (call) => {
      const { vmid, config, status, startedAt } = checkGuest(call);
      requirePrivilege(call, `/vms/${vmid}`, "VM.Audit");
      return {
        vmid,
        name: config.name ?? `VM ${vmid}`,
        status,
        qmpstatus: status,
        ...(config.lock ? { lock: config.lock } : {}),
        ...(config.template ? { template: 1 } : {}),
        ...(agentEnabled(config.agent) ? { agent: 1 } : {}),
        cpus: Number(config.cores ?? 1),
        maxmem: Number(config.memory ?? 512) * 2 ** 20,
        uptime:
          status === "running"
            ? Math.floor((Date.now() - startedAt) / 1000)
            : 0,
      };
    },
  },
  {
    method: "GET",
    path: `${one}/agent/network-get-interfaces`,
    handle: interfaces,
  },
];

function agentEnabled(value: string | number | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(
    parse(String(value ?? ""), "enabled").enabled ?? "",
  );
}

function interfaces(call: Call): unknown {
  const { vmid, config, status, startedAt } = checkGuest(call);
  requirePrivilege(call, `/vms/${vmid}`, "VM.GuestAgent.Audit");
  if (status !== "running") throw die(`VM ${vmid} is not running`);
  if (!agentEnabled(config.agent)) throw die("No QEMU guest agent configured");
  if (
    Date.now() - startedAt < bootMs ||
    call.faults.hit(["no-agent"], call.node.name, `${vmid}`)
  ) {
    throw die("QEMU guest agent is not running");
  }
  const loopback = {
    name: "lo",
    "hardware-address": "00:00:00:00:00:00",
    "ip-addresses": [
      { "ip-address": "127.0.0.1", "ip-address-type": "ipv4", prefix: 8 },
    ],
  };
  const nics = Object.keys(config)
    .filter((key) => /^net\d+$/.test(key))
    .sort();
  return {
    result: [
      loopback,
      ...nics.map((key, index) =>
        nic(`${config[key]}`, config[key.replace("net", "ipconfig")], index),
      ),
    ],
  };
}

function nic(
  net: string,
  ipconfig: string | number | undefined,
  index: number,
) {
  const mac = /([0-9A-F]{2}:){5}[0-9A-F]{2}/.exec(net)?.[0] ?? "";
  const [address = "", length] = (
    parse(String(ipconfig ?? "ip=dhcp"), "ip").ip ?? "dhcp"
  ).split("/");
  const { tag = "1" } = parse(net, "model");
  // A lease that stays with the MAC, in a pool of the NIC's VLAN.
  const lease = `10.10.${tag}.${100 + ((createHash("sha1").update(mac).digest()[0] ?? 0) % 100)}`;
  return {
    name: `eth${index}`,
    "hardware-address": mac.toLowerCase(),
    "ip-addresses": [
      {
        "ip-address": address === "dhcp" ? lease : address,
        "ip-address-type": "ipv4",
        prefix: Number(length ?? 24),
      },
      {
        "ip-address": "fe80::be24:11ff:fe00:1",
        "ip-address-type": "ipv6",
        prefix: 64,
      },
    ],
  };
}
