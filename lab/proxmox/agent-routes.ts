import { createHash } from "node:crypto";
import { type Call, type Route, requirePrivilege } from "./call";
import { die } from "./failure";
import type { FaultKind } from "./faults";
import { checkGuest } from "./guest-config";
import { parse } from "./property-strings";
import type { Guest } from "./world";

const agent = "/nodes/{node}/qemu/{vmid}/agent";
/** From power-on to the agent's first answer. */
const bootMs = 1_500;

export function agentEnabled(value: string | number | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(
    parse(String(value ?? ""), "enabled").enabled ?? "",
  );
}

/** The guest, once its agent has answered. */
function answering(call: Call, command: string): Guest {
  const guest = checkGuest(call);
  const { vmid, config, status, startedAt, paused } = guest;
  const hit = (kind: FaultKind) =>
    call.faults.hit([kind], call.node.name, `${vmid}`);
  if (status !== "running") throw die(`VM ${vmid} is not running`);
  if (!agentEnabled(config.agent)) throw die("No QEMU guest agent configured");
  if (paused || Date.now() - startedAt < bootMs || hit("no-agent")) {
    throw die("QEMU guest agent is not running");
  }
  if (hit("agent-timeout")) {
    throw die(`VM ${vmid} qga command 'guest-${command}' failed - got timeout`);
  }
  return guest;
}

function interfaces({ config }: Guest): unknown {
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
  return [
    loopback,
    ...nics.map((key, index) =>
      nic(`${config[key]}`, config[key.replace("net", "ipconfig")], index),
    ),
  ];
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

function osInfo({ config }: Guest): unknown {
  return {
    id: "debian",
    name: "Debian GNU/Linux",
    "pretty-name": "Debian GNU/Linux 13 (trixie)",
    version: "13 (trixie)",
    "version-id": "13",
    "kernel-release": "6.12.48+deb13-amd64",
    "kernel-version": "#1 SMP PREEMPT_DYNAMIC",
    machine: String(config.arch ?? "x86_64"),
  };
}

function command(
  method: "GET" | "POST",
  name: string,
  answer: (guest: Guest) => unknown,
): Route {
  return {
    method,
    path: `${agent}/${name}`,
    allow: (call) =>
      requirePrivilege(
        call,
        `/vms/${call.places[0]}`,
        "VM.GuestAgent.Audit",
        "VM.GuestAgent.Unrestricted",
      ),
    handle: (call) => {
      const guest = answering(call, name);
      const isRefused =
        name !== "ping" &&
        call.faults.hit(["agent-refuses"], call.node.name, `${guest.vmid}`);
      // PVE passes on what the agent says, its errors too.
      return { result: isRefused ? refusal(name) : answer(guest) };
    },
  };
}

/** As qemu-ga says it of a command that its configuration blocks. */
function refusal(name: string): unknown {
  return {
    error: {
      class: "CommandNotFound",
      desc: `Command guest-${name} has been disabled: the command is not allowed`,
    },
  };
}

export const agentRoutes: Route[] = [
  command("POST", "ping", () => ({})),
  command("GET", "network-get-interfaces", interfaces),
  command("GET", "get-osinfo", osInfo),
  command("GET", "get-host-name", ({ config, vmid }) => ({
    "host-name": String(config.name ?? `VM${vmid}`),
  })),
];
