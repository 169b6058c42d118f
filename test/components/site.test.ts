import * as pulumi from "@pulumi/pulumi";
import { MultiWan } from "../../components/multi-wan";
import { NetworkFabric } from "../../components/network-fabric";
import { SiteProxmoxHost } from "../../components/proxmox-host";
import { ServiceVm } from "../../components/service-vm";
import { schema as routerSchema } from "../../providers/openwrt/router/model";
import { schema as bridgeSchema } from "../../providers/proxmox/bridge/model";
import { schema as optionsSchema } from "../../providers/proxmox/node-options/model";
import { schema as pciSchema } from "../../providers/proxmox/pci-mapping/model";
import { schema as templateSchema } from "../../providers/proxmox/template/model";
import { schema as machineSchema } from "../../providers/proxmox/virtual-machine/model";
import { VirtualMachine } from "../../providers/proxmox/virtual-machine/resource";
import { isRouted, loadSite } from "../../site";

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
  const { bridges } = new NetworkFabric(site);
  const hosts = site.proxmox.hosts.map(
    (host) => new SiteProxmoxHost(site, host),
  );
  const guests = site.guests.map((guest) => new ServiceVm(site, guest, []));
  const [first] = guests;
  if (!isRouted(site) || first === undefined) throw new Error("no router");
  const { router } = new MultiWan(site, first.machine);
  const urns = [
    ...site.guests.flatMap((guest) =>
      hosts.flatMap((host) => host.neededBy(guest)),
    ),
    ...[...bridges.values()].flat(),
    ...guests.map(({ machine }) => machine),
    router,
  ].map(({ urn }) => urn);
  await new Promise<void>((resolve) => pulumi.all(urns).apply(() => resolve()));
});

const inputs = (
  type: string,
  name: string,
  system = "proxmox",
): Record<string, unknown> => {
  const { __provider, ...rest } =
    made.find(
      (item) =>
        item.type === `pulumi-nodejs:dynamic/${system}:${type}` &&
        item.name === name,
    )?.inputs ?? {};
  expect(__provider).toContain(`"${system}:${type}"`);
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
      mac: "BC:24:11:0A:0A:01",
      trunks: [10, 20, 30, 40, 50, 60, 99],
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

test("each bridge of the manifest carries its networks' VLANs, and takes over what the installer made", () => {
  for (const { host, bridges } of site.proxmox.hosts) {
    for (const { name, ports } of bridges) {
      const made = inputs("Bridge", `${host}-${name}`);
      expect(bridgeSchema.safeParse(made).error).toBeUndefined();
      expect(made).toMatchObject({
        vlanIds: [10, 20, 30, 40, 50, 60, 99],
        ports,
        adopt: true,
      });
    }
  }
});

test("a bridge has the bonds that the manifest makes its ports of", async () => {
  const bonded = loadSite("environments/dev.yaml");
  bonded.proxmox.hosts = bonded.proxmox.hosts.filter(
    ({ host }) => host === "r630",
  );
  const [place] = bonded.proxmox.hosts;
  const bonds = {
    bond0: { slaves: ["eno1", "eno2"], mode: "802.3ad" as const },
  };
  Object.assign(place ?? {}, { host: "bonded" });
  Object.assign(place?.bridges[0] ?? {}, { ports: ["bond0"], bonds });
  const [bridge] = new NetworkFabric(bonded).bridges.get("bonded") ?? [];
  await new Promise((resolve) => pulumi.output(bridge?.urn).apply(resolve));
  const given = inputs("Bridge", "bonded-vmbr0");
  expect(bridgeSchema.safeParse(given).error).toBeUndefined();
  expect(given).toMatchObject({ ports: ["bond0"], bonds });
});

test("the router's card is mapped on its host, and the first that its guest gets", () => {
  const made = inputs("PciMapping", "router-server-i350-t4");
  expect(pciSchema.safeParse(made).error).toBeUndefined();
  expect(made.map).toEqual([
    { node: "router-server", path: "0000:03:00", id: "8086:1521" },
  ]);
  expect(inputs("VirtualMachine", "openwrt").pciDevices).toEqual({
    hostpci0: { mapping: "i350-t4" },
  });
  expect(inputs("VirtualMachine", "tunnel").pciDevices).toBeUndefined();
});

test("a host gets the site's time zone, and its start delay in seconds where it has one", () => {
  const timezone = "America/New_York";
  for (const host of ["router-server", "ml110", "r630"]) {
    const { owner, ...made } = inputs("NodeOptions", host);
    expect(optionsSchema.safeParse({ owner, ...made }).error).toBeUndefined();
    const startDelay = host === "router-server" ? {} : { startDelay: 120 };
    expect(made).toEqual({ host, name: host, timezone, ...startDelay });
  }
});

test("the router gets the whole configuration, which its schema takes", () => {
  const made = inputs("Router", "openwrt", "openwrt");
  expect(routerSchema.safeParse(made).error).toBeUndefined();
  expect(made).toMatchObject({ management: "management", adopt: true });
});
