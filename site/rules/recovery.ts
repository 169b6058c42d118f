import type { Rule } from "./finding";

export const recovery: Rule = {
  id: "recovery",
  severity: "warning",
  title: "Every host can be reached without the router",
  fact: "When the router guest is down, only a port outside its bridges or a management controller leads back in.",
  check: ({ hardware, proxmox }) =>
    hardware.hosts.flatMap((host, index) => {
      const path = ["hardware", "hosts", index];
      const bridges = proxmox.hosts.find(
        (item) => item.host === host.name,
      )?.bridges;
      const bridged = bridges?.find(({ ports }) =>
        ports.includes(host.recoveryPort ?? ""),
      );
      if (bridged) {
        return [
          {
            message: `recovery port ${host.recoveryPort} of host "${host.name}" is in bridge "${bridged.name}"`,
            path: [...path, "recoveryPort"],
          },
        ];
      }
      return host.bmc || host.recoveryPort
        ? []
        : [
            {
              message: `host "${host.name}" has neither bmc nor recoveryPort`,
              path,
            },
          ];
    }),
  remedy:
    "Keep one NIC out of every bridge, or give the management controller's address.",
};
