import { randomUUID } from "node:crypto";
import { allPrivileges } from "./access";
import {
  drift,
  driftInterface,
  driftStorage,
  type GuestDrift,
  nodeOf,
  type SettingDrift,
} from "./drift";
import { type Fault, type FaultKind, Faults, faultKinds } from "./faults";
import { liveBridges, recoverNetwork } from "./network";
import { defaultBootMs, type NodeBoots, powerOffNode } from "./node-boots";
import type { Tasks } from "./tasks";
import { usedBytes, volumesOf } from "./volumes";
import type { World } from "./world";

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
  | ({ do: "drift" } & GuestDrift)
  | ({ do: "drift-interface" | "drift-storage" } & SettingDrift)
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
      if (!Object.hasOwn(faultKinds, command.fault.kind)) {
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
      return drift(world, faults, command);
    case "drift-interface":
      return driftInterface(world, command);
    case "drift-storage":
      return driftStorage(world, command);
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
      if (!allPrivileges.includes(command.privilege)) {
        throw new Error(
          `there is no privilege "${command.privilege}", there are ${allPrivileges.join(", ")}`,
        );
      }
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
