import type { Rule } from "./finding";

export const vlanAware: Rule = {
  id: "vlan-aware",
  severity: "error",
  title: "A bridge that carries several networks is VLAN-aware",
  fact: "PVE drops a guest's VLAN tag on a bridge that is not VLAN-aware (pve-docs, Network Configuration).",
  check: ({ proxmox }) =>
    proxmox.hosts.flatMap(({ host, bridges }, index) =>
      bridges.flatMap((bridge, at) =>
        bridge.vlanAware || bridge.networks.length < 2
          ? []
          : [
              {
                message: `bridge "${bridge.name}" of host "${host}" carries ${bridge.networks.length} networks and is not VLAN-aware`,
                path: ["proxmox", "hosts", index, "bridges", at, "vlanAware"],
              },
            ],
      ),
    ),
  remedy: "Set vlanAware: true.",
};
