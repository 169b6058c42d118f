/** The account that Pulumi logs in with, and the group of rights that it has. */
export const account = "hybrid-site";

const configs = ["network", "firewall", "dhcp", "mwan3", "system"];

/**
 * Just what the router's resource calls: no `commit`, which has no way back, no
 * file.exec, and no configuration of rpcd itself. Nothing else comes with it:
 * without LuCI, rpcd grants no rights of its own.
 */
export const acl = {
  [account]: {
    description: "Configuration of the router by hybrid-site",
    read: {
      ubus: {
        session: ["access", "list", "get", "destroy"],
        uci: ["configs", "get", "state", "changes"],
        "network.interface": ["dump", "status"],
        "network.device": ["status"],
        mwan3: ["status"],
        system: ["board"],
      },
      uci: configs,
    },
    write: {
      ubus: {
        uci: [
          "add",
          "set",
          "delete",
          "rename",
          "order",
          "revert",
          "apply",
          "confirm",
          "rollback",
        ],
      },
      uci: configs,
    },
  },
};
