import * as pulumi from "@pulumi/pulumi";
import { NetworkFabric } from "../../components/network-fabric";
import { SiteProxmoxHost } from "../../components/proxmox-host";
import { ServiceVm } from "../../components/service-vm";
import { schema as templateSchema } from "../../providers/proxmox/template/model";
import { schema as machineSchema } from "../../providers/proxmox/virtual-machine/model";
import { VirtualMachine } from "../../providers/proxmox/virtual-machine/resource";
import { loadSite } from "../../site";

const made: pulumi.runtime.MockResourceArgs[] = [];
const site = loadSite("environments/dev.yaml");

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: (args) => {
      made.push(args);
      return {
        id: `${args.name}-id`,
        state: { ...args.inputs, vmNumber: 1000 },
      };
    },
    call: ({ token }) => {
      throw new Error(`Mock call not implemented: ${token}`);
    },
  });
  new NetworkFabric(site);
  const hosts = site.proxmox.hosts.map(
    (host) => new SiteProxmoxHost(site, host),
  );
  const guests = site.guests.map((guest) => new ServiceVm(site, guest, []));
  const urns = [
    ...hosts.flatMap(({ templates }) => templates),
    ...guests.map(({ machine }) => machine),
  ].map(({ urn }) => urn);
  await new Promise<void>((resolve) => pulumi.all(urns).apply(() => resolve()));
});

const inputs = (type: string, name: string): Record<string, unknown> => {
  const { __provider, ...rest } =
    made.find(
      (item) =>
        item.type === `pulumi-nodejs:dynamic/proxmox:${type}` &&
        item.name === name,
    )?.inputs ?? {};
  expect(__provider).toContain(`"proxmox:${type}"`);
  return rest;
};

test("each guest becomes a virtual machine that its schema takes", () => {
  for (const { name } of site.guests) {
    expect(
      machineSchema.safeParse(inputs("VirtualMachine", name)).error,
    ).toBeUndefined();
  }
});

test("the router's NIC is a trunk without a tag, another guest's has its VLAN", () => {
  expect(inputs("VirtualMachine", "openwrt").nics).toEqual({
    net0: {
      bridge: "vmbr0",
      trunks: [10, 20, 30, 40, 50, 60, 99],
      mac: "BC:24:11:0A:0A:01",
    },
  });
  expect(inputs("VirtualMachine", "tunnel").nics).toEqual({
    net0: { bridge: "vmbr0", tag: 99 },
  });
});

test("addresses come with the network's prefix length and gateway, dhcp without", () => {
  expect(inputs("VirtualMachine", "reverse-proxy").cloudInit).toMatchObject({
    addresses: { net0: { ipv4: "10.10.30.10/24", gateway: "10.10.30.1" } },
  });
  expect(inputs("VirtualMachine", "ci-runner").cloudInit).toMatchObject({
    addresses: { net0: { ipv4: "dhcp" } },
  });
  expect(inputs("VirtualMachine", "openwrt").cloudInit).toBeUndefined();
});

test("a host has a template for each image that its guests clone, and no other", () => {
  const templates = made.filter(({ type }) =>
    type.endsWith("proxmox:Template"),
  );
  expect(templates.map(({ name }) => name).sort()).toEqual([
    "ml110-ubuntu-24.04",
    "r630-ubuntu-24.04",
    "router-server-ubuntu-24.04",
  ]);
  for (const { name } of templates) {
    expect(
      templateSchema.safeParse(inputs("Template", name)).error,
    ).toBeUndefined();
  }
});

test("an image is downloaded with its checksum", () => {
  expect(inputs("Template", "r630-ubuntu-24.04").image).toMatchObject({
    file: "ubuntu-24.04.qcow2",
    download: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
});

test("the owner is site, kind and name, so that a renamed resource stays the owner", () => {
  expect(inputs("VirtualMachine", "k3s").owner).toBe(
    `${site.site.id}/VirtualMachine/k3s`,
  );
});

test("policies can tell the class by its type", () => {
  expect(VirtualMachine.__pulumiType).toBe(
    "pulumi-nodejs:dynamic/proxmox:VirtualMachine",
  );
});
