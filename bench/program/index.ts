import "../../components/stack-traces";
import "../../components/early-provider";
import { Config } from "@pulumi/pulumi/config";
import { formatOwner } from "../../providers/dynamic/owner";
import { VirtualMachine } from "../../providers/proxmox/virtual-machine/resource";
import { type Place, vmName, workload } from "../workload";

const config = new Config();
const { host, node, template, slot, storage, bridge } =
  config.requireObject<Place>("place");

export = async () => {
  // As the site's program: without the runner's part in each stack trace.
  await undefined;
  for (let number = 1; number <= config.requireNumber("vms"); number++) {
    const name = vmName(number);
    new VirtualMachine(name, {
      owner: formatOwner("bench", "VirtualMachine", name),
      host,
      node,
      name,
      vmId: workload.vmIds,
      source: { template },
      cores: workload.cores,
      memory: workload.memoryMiB,
      disks: {
        [slot]: { storage, size: workload.diskGiB, onDestroy: "destroy" },
      },
      nics: { net0: { bridge, tag: workload.vlan } },
      cloudInit: {
        storage,
        user: workload.user,
        addresses: { net0: { ipv4: "dhcp" } },
      },
    });
  }
};
