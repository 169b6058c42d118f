import { randomUUID } from "node:crypto";
import { type Fault, type FaultKind, Faults, faultKinds } from "./faults";
import { relocate } from "./migrate-effects";
import { liveBridges, recoverNetwork } from "./network";
import { defaultBootMs, type NodeBoots, powerOffNode } from "./node-boots";
import type { Tasks } from "./tasks";
import { usedBytes, volumesOf } from "./volumes";
import type { Guest, World } from "./world";

/** What there is of a world; without its tasks, nothing runs in it. */
export interface Bendable {
  world: World;
  faults: Faults;
  tasks?: Tasks;
  boots?: NodeBoots;
}

/** Plain data, so that it can come over a socket. */
export type Command =
  | { do: "fault"; fault: Fault }
  | { do: "faults" }
  | { do: "clear-faults" }
  | {
      do: "drift";
      guest: string;
      change: "set" | "unset" | "start" | "stop" | "delete" | "move";
      key?: string;
      value?: string;
    }
  | { do: "foreign"; node: string; vmid: number; name: string }
  | { do: "rotate-token"; node: string }
  | { do: "revoke"; node: string; privilege: string }
  | { do: "reboot-node"; node: string; ms?: number }
  | { do: "recover-network"; node: string }
  | { do: "summary" };

/** Bends the world past its API, as a person at the device or a fault would. */
export function control(bendable: Bendable, command: Command): unknown {
  try {
    return bend(bendable, command);
  } finally {
    bendable.world.flush();
  }
}

function bend(bendable: Bendable, command: Command): unknown {
  const { world, faults } = bendable;
  switch (command.do) {
    case "fault": {
      if (!(command.fault.kind in faultKinds)) {
        throw new Error(
          `there is no fault "${command.fault.kind}", known are ${Object.keys(faultKinds).join(", ")}`,
        );
      }
      faults.add(command.fault);
      return faults.list;
    }
    case "faults":
      return faults.list;
    case "clear-faults":
      faults.clear();
      return faults.list;
    case "drift":
      return drift(bendable, command);
    case "foreign": {
      const node = nodeOf(world, command.node);
      world.save("guests", {
        cluster: node.cluster,
        node: node.name,
        vmid: command.vmid,
        config: { name: command.name, memory: "512" },
        pending: {},
        status: "stopped",
        startedAt: 0,
      });
      return `guest ${command.vmid} "${command.name}" is on ${node.name}`;
    }
    case "rotate-token": {
      const account = accountOf(world, command.node);
      account.token = randomUUID();
      world.save("accounts", account);
      return `the token of ${command.node} is a new one`;
    }
    case "revoke": {
      const account = accountOf(world, command.node);
      account.privileges = account.privileges.filter(
        (name) => name !== command.privilege,
      );
      world.save("accounts", account);
      return `the token of ${command.node} has no ${command.privilege} any more`;
    }
    case "reboot-node": {
      const node = nodeOf(world, command.node);
      powerOffNode(world, node, bendable.tasks);
      node.bootsAt = Date.now() + (command.ms ?? defaultBootMs);
      world.save("nodes", node);
      bendable.boots?.schedule(node);
      return `${node.name} reboots`;
    }
    case "recover-network": {
      const node = nodeOf(world, command.node);
      recoverNetwork(node.network);
      node.bridges = liveBridges(node.network);
      world.save("nodes", node);
      return `${node.name} has the network with which it could last be reached`;
    }
    case "summary":
      return summary(world);
  }
}

function drift(
  { world, faults }: Bendable,
  {
    guest: name,
    change,
    key = "",
    value = "",
  }: Extract<Command, { do: "drift" }>,
): string {
  const guest = [...world.guests.values()].find(
    (item) => String(item.vmid) === name || item.config.name === name,
  );
  if (guest === undefined) {
    const names = [...world.guests.values()]
      .map(({ config }) => config.name)
      .join(", ");
    throw new Error(
      `there is no guest "${name}", there are ${names || "none"}`,
    );
  }
  if (change === "delete") world.remove("guests", guest);
  else if (change === "move") move(world, faults, guest, key);
  else apply(guest, change, key, value);
  if (change !== "delete") world.save("guests", guest);
  return `guest ${guest.vmid} "${guest.config.name}": ${[change, key, value].filter(Boolean).join(" ")}`;
}

function apply(guest: Guest, change: string, key: string, value: string) {
  if (change === "start" || change === "stop") {
    guest.status = change === "start" ? "running" : "stopped";
    guest.startedAt = Date.now();
    guest.paused = undefined;
  } else if (change === "unset") delete guest.config[key];
  else
    guest.config[key] = /^(cores|sockets|onboot|protection)$/.test(key)
      ? Number(value)
      : value;
}

/** To another node of its cluster, as a migration leaves it. */
function move(world: World, faults: Faults, guest: Guest, name: string): void {
  const [from, to] = [nodeOf(world, guest.node), nodeOf(world, name)];
  if (from.cluster !== to.cluster) {
    throw new Error(`${to.name} is not in the cluster of ${from.name}`);
  }
  const { cluster, vmid } = guest;
  relocate(world, faults, { cluster, vmid, target: name, storages: {} });
}

function nodeOf(world: World, name: string) {
  const node = world.nodes.get(name);
  if (node === undefined) {
    throw new Error(
      `there is no node "${name}", there are ${[...world.nodes.keys()].join(", ")}`,
    );
  }
  return node;
}

function accountOf(world: World, name: string) {
  const account = world.accounts.get(nodeOf(world, name).cluster);
  if (account === undefined) throw new Error(`node "${name}" has no account`);
  return account;
}

function summary(world: World) {
  return [...world.nodes.values()].map((node) => ({
    node: node.name,
    guests: [...world.guests.values()]
      .filter((guest) => guest.node === node.name)
      .sort((left, right) => left.vmid - right.vmid)
      .map(({ vmid, config, status }) => ({
        vmid,
        name: String(config.name ?? ""),
        status,
        template: config.template === 1,
        memory: String(config.memory ?? ""),
        lock: config.lock,
      })),
    volumes: node.storages
      .flatMap(({ id }) => volumesOf(node, id))
      .map(({ volid, bytes }) => ({ volid, bytes })),
    used: Object.fromEntries(
      node.storages.map(({ id }) => [id, usedBytes(node, id)]),
    ),
  }));
}

export type Summary = ReturnType<typeof summary>;
export type { Fault, FaultKind };
export { Faults, faultKinds };
