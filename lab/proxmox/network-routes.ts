import { type Call, Reply, type Route, requirePrivilege } from "./call";
import { die, invalid } from "./failure";
import type { Faults } from "./faults";
import {
  changes,
  type Interface,
  type Interfaces,
  isReachable,
  listed,
  liveBridges,
  reload,
  reread,
  shown,
} from "./network";
import { checkInterfaces } from "./network-check";
import {
  iface,
  interfaceOptions,
  interfaceType,
  interfaceTypes,
  split,
} from "./network-parameters";
import { boolean, oneOf, string } from "./parameters";
import type { Effect } from "./tasks";

const all = "/nodes/{node}/network";
const one = `${all}/{iface}`;

export const networkRoutes: Route[] = [
  {
    method: "GET",
    path: all,
    schema: {
      optional: {
        type: oneOf(
          ...interfaceTypes,
          "any_bridge",
          "any_local_bridge",
          "include_sdn",
        ),
      },
    },
    handle: list,
  },
  {
    method: "POST",
    path: all,
    schema: {
      required: { iface, type: interfaceType },
      optional: interfaceOptions,
    },
    handle: (call) => {
      const { iface = "", ...params } = call.params;
      stage(call, (found) => {
        if (found[iface]) throw invalid("iface", "interface already exists");
        checkDuplicates(found, iface, params);
        if (params.type?.startsWith("OVS")) {
          throw die(
            "Open VSwitch is not installed (need package 'openvswitch-switch')",
          );
        }
        found[iface] = { ...settings(params), ...vlanOf(iface) };
      });
    },
  },
  {
    method: "PUT",
    path: all,
    schema: { optional: { "regenerate-frr": boolean } },
    handle: (call) => {
      requireModify(call);
      return call.tasks.start({
        node: call.node.name,
        cluster: call.cluster,
        type: "srvreload",
        id: "networking",
        user: call.user,
        effect: "network-reloaded",
      });
    },
  },
  {
    method: "DELETE",
    path: all,
    handle: (call) => {
      requireModify(call);
      call.node.network.staged = undefined;
      call.world.save("nodes", call.node);
    },
  },
  {
    method: "GET",
    path: one,
    handle: (call) => {
      requirePrivilege(call, `/nodes/${call.node.name}`, "Sys.Audit");
      const [iface = ""] = call.places;
      const found = shown(call.node.network)[iface];
      if (!found) throw invalid("iface", "interface does not exist");
      const { iface: _name, ...item } = listed(call.node.network, iface, found);
      return item;
    },
  },
  {
    method: "PUT",
    path: one,
    schema: {
      required: { type: interfaceType },
      optional: { ...interfaceOptions, delete: string },
    },
    handle: (call) => {
      const [iface = ""] = call.places;
      const { delete: unset = "", ...params } = call.params;
      stage(call, (found) => {
        const item = found[iface];
        if (!item) throw invalid("iface", "interface does not exist");
        for (const key of split(unset)) {
          delete item[key];
          const [, suffix] = /^cidr(6?)$/.exec(key) ?? [];
          if (suffix === undefined) continue;
          delete item[`address${suffix}`];
          delete item[`netmask${suffix}`];
        }
        checkDuplicates(found, iface, params);
        found[iface] = { ...item, ...settings(params) };
      });
    },
  },
  {
    method: "DELETE",
    path: one,
    handle: (call) => {
      const [iface = ""] = call.places;
      stage(call, (found) => {
        if (!found[iface]) throw invalid("iface", "interface does not exist");
        delete found[iface];
      });
    },
  },
];

function requireModify(call: Call): void {
  requirePrivilege(call, `/nodes/${call.node.name}`, "Sys.Modify");
}

function list(call: Call): Reply {
  const { network } = call.node;
  const { type } = call.params;
  const mayUse =
    call.isRoot ||
    ["SDN.Audit", "SDN.Use"].some((name) =>
      call.account.privileges.includes(name),
    );
  const data = Object.entries(shown(network))
    .filter(([, item]) => item.type !== "bridge" || mayUse)
    .filter(
      ([, item]) =>
        type === undefined ||
        type === "include_sdn" ||
        item.type === type ||
        (/^any(_local)?_bridge$/.test(type) && item.type === "bridge"),
    )
    .map(([name, item]) => listed(network, name, item));
  const diff = changes(network);
  return new Reply(data, diff ? { changes: diff } : {});
}

/** Changes interfaces.new, which begins as a copy of what is shown. */
function stage(call: Call, change: (found: Interfaces) => void): void {
  requireModify(call);
  checkAddresses(call.params);
  const { network } = call.node;
  const found = shown(network);
  change(found);
  checkInterfaces(found);
  network.staged = Object.fromEntries(
    Object.entries(found).map(([name, item]) => [name, reread(item)]),
  );
  call.world.save("nodes", call.node);
}

function checkAddresses(params: Record<string, string>): void {
  for (const suffix of ["", "6"]) {
    const [address, netmask, cidr] = ["address", "netmask", "cidr"].map(
      (key) => `${key}${suffix}`,
    ) as [string, string, string];
    for (const [key, needed] of [
      [address, netmask],
      [netmask, address],
    ] as const) {
      if (params[key] && !params[needed])
        throw invalid(
          needed,
          `missing property - '${key}' requires this property`,
        );
      if (params[key] && params[cidr])
        throw invalid(key, `${key} conflicts with ${cidr}`);
    }
  }
}

function checkDuplicates(
  found: Interfaces,
  iface: string,
  params: Record<string, string>,
): void {
  for (const [key, what] of [
    ["gateway", "Default gateway"],
    ["gateway6", "Default ipv6 gateway"],
  ] as const) {
    const holder = Object.keys(found).find(
      (name) => name !== iface && found[name]?.[key],
    );
    if (params[key] && holder)
      throw invalid(key, `${what} already exists on interface '${holder}'.`);
  }
  const key = params.bridge_ports ? "bridge_ports" : "slaves";
  for (const port of split(params[key])) {
    const user = Object.keys(found).find(
      (name) =>
        name !== iface &&
        split(
          `${found[name]?.bridge_ports ?? ""} ${found[name]?.slaves ?? ""}`,
        ).includes(port),
    );
    if (user)
      throw invalid(key, `${port} is already used on interface '${user}'.`);
  }
}

/** The parameters as they go into the file; addresses decide on the families. */
function settings(params: Record<string, string>): Interface {
  const { type = "", cidr, cidr6, autostart, ...rest } = params;
  const item: Interface = { ...rest, type, families: [] };
  if (cidr) [item.address, item.netmask] = cidr.split("/");
  if (cidr6) [item.address6, item.netmask6] = cidr6.split("/");
  if (autostart !== undefined) item.autostart = Number(autostart);
  if (item.address) item.families.push("inet");
  if (item.address6) item.families.push("inet6");
  if (item.families.length === 0) item.families.push("inet");
  item.method = item.address ? "static" : "manual";
  item.method6 = item.address6 ? "static" : "manual";
  return item;
}

function vlanOf(iface: string) {
  const [, below, id] = /^(\S+)\.(\d+)$/.exec(iface) ?? [];
  return below ? { "vlan-raw-device": below, "vlan-id": Number(id) } : {};
}

export function networkEffects(faults: Faults): Record<string, Effect> {
  return {
    "network-reloaded": (world, task) => {
      const node = world.nodes.get(task.node);
      if (node === undefined) throw new Error(`no such node '${task.node}'`);
      const { network } = node;
      const before = network.live;
      network.file = network.staged ?? network.file;
      network.staged = undefined;
      try {
        if (faults.hit(["reload-fails"], node.name, "networking"))
          throw new Error("command 'ifreload -a' failed: exit code 1");
        reload(network);
        const changed = Object.keys(network.live).filter(
          (name) =>
            JSON.stringify(network.live[name]) !== JSON.stringify(before[name]),
        );
        network.down = network.down.filter((name) => !changed.includes(name));
        for (const name of changed) {
          if (network.live[name]?.type !== "bridge") continue;
          if (faults.hit(["bridge-down"], node.name, name))
            network.down.push(name);
        }
      } finally {
        const { host } = node.listen;
        if (isReachable(network, host)) {
          network.reachable = { file: network.file, live: network.live };
        }
        node.bridges = liveBridges(network);
        world.save("nodes", node);
      }
    },
  };
}
