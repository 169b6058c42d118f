import { startUbus, type Ubus } from "../support/ubus";

const wan = (number: number) => `
config interface 'wan${number}'
	option device 'eth${number}'
	option proto 'dhcp'
	option metric '${number}0'

config interface 'wan${number}_6'
	option device '@wan${number}'
	option proto 'dhcpv6'
	option metric '${number}0'
`;
const watched = (name: string, family: string, target: string) => `
config interface '${name}'
	option enabled '1'
	option family '${family}'
	list track_ip '${target}'
	option timeout '1'
	option interval '1'
	option down '2'
	option up '1'

config member 'm_${name}'
	option interface '${name}'
`;

interface Interface {
  interface: string;
  up: boolean;
  l3_device?: string;
  errors?: object[];
  "ipv6-address": object[];
}

let ubus: Ubus;
let sid: string;
beforeEach(async () => {
  const { image } = await import("../support/openwrt");
  ubus = await startUbus({
    "etc/config/network": `${image["etc/config/network"]}${wan(1)}${wan(3)}`,
    "etc/config/mwan3": `${watched("wan1", "ipv4", "1.1.1.1")}${watched("wan1_6", "ipv6", "2606:4700:4700::1111")}
config policy 'steady'
	list use_member 'm_wan1'
	list use_member 'm_wan1_6'
`,
  });
  sid = await ubus.login();
});
afterEach(() => ubus.stop());

const find = async (name: string) => {
  const [, data] = await ubus.call(sid, "network.interface", "dump");
  return (data as { interface: Interface[] }).interface.find(
    (item) => item.interface === name,
  );
};
const until = async (holds: () => Promise<boolean>) => {
  const end = Date.now() + 12_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error("it does not come to hold");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

test("an interface on another one is on its card, and has that line's IPv6", async () => {
  await until(async () => (await find("wan1_6"))?.up === true);
  const found = await find("wan1_6");
  expect(found).toMatchObject({
    l3_device: "eth1",
    "ipv6-address": [{ address: "2001:db8:1::2", mask: 128 }],
    route: [{ target: "::", nexthop: "fe80::1" }],
  });
  expect(found?.errors).toBeUndefined();
});

test("a provider without IPv6 leaves it waiting, and IPv4 as it is", async () => {
  await until(async () => (await find("wan3"))?.up === true);
  expect(await find("wan3_6")).toMatchObject({ up: false });
});

test("mwan3 watches both families of a line, and a policy has the lines of each", async () => {
  const policies = async () => {
    const [, data] = await ubus.call(sid, "mwan3", "status", {});
    return data as {
      interfaces: Record<string, { turn: number; status: string }>;
      policies: object;
    };
  };
  await until(async () => {
    const { interfaces } = await policies();
    return ["wan1", "wan1_6"].every(
      (name) =>
        interfaces[name]?.status === "online" && interfaces[name].turn > 0,
    );
  });
  expect((await policies()).policies).toEqual({
    ipv4: { steady: [{ interface: "wan1", percent: 100 }] },
    ipv6: { steady: [{ interface: "wan1_6", percent: 100 }] },
  });
});
