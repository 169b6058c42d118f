import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type OpenwrtCommand,
  type OpenwrtLab,
  type OpenwrtRecord,
  type OpenwrtSpec,
  startOpenwrt,
} from "../../lab/openwrt";
import { EngineWatch } from "../../providers/dynamic/engine";
import { UbusClient } from "../../providers/openwrt/client";
import { provider } from "../../providers/openwrt/router/lifecycle";
import { acl } from "../../site/image";
import { withCertificates } from "./certificates";
import { configured, type Provider } from "./provider";

type Values = Record<string, unknown>;
type Section = { section: string; type: string; options: Values };

export const password = "of-the-account";
const managementAddress = "10.0.10.1";

/** A router as it is born, with sections that are nobody's business. */
export const image: Record<string, string> = {
  "etc/config/network": `
config interface 'loopback'
	option device 'lo'
	option proto 'static'
	list ipaddr '127.0.0.1/8'

config device
	option name 'br-lan'
	option type 'bridge'
	list ports 'eth0'

config bridge-vlan 'vlan10'
	option device 'br-lan'
	option vlan '10'
	list ports 'eth0:t'

config interface 'management'
	option device 'br-lan.10'
	option proto 'static'
	list ipaddr '${managementAddress}/24'
`,
  "etc/config/firewall": `
config defaults
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'

config zone
	option name 'management'
	list network 'management'
	option input 'ACCEPT'
	option output 'ACCEPT'
	option forward 'REJECT'

config rule
	option name 'Somebody else''s'
	option src 'guests'
	option target 'DROP'
`.replace("''", "'\\''"),
  "etc/config/dhcp": `
config dnsmasq
	option domainneeded '1'
`,
  "etc/config/mwan3": `
config globals 'globals'
	option mmx_mask '0x3F00'
`,
  "etc/config/system": `
config system
	option hostname 'router'
`,
  "etc/config/rpcd": `
config rpcd
	option socket '/var/run/ubus/ubus.sock'

config login
	option username 'root'
	option password '$p$root'
	list read '*'
	list write '*'

config login
	option username 'hybrid-site'
	option password '$p$hybrid-site'
	list read 'hybrid-site'
	list write 'hybrid-site'
`,
  "usr/share/rpcd/acl.d/hybrid-site.json": JSON.stringify(acl),
};

export interface TestRouter {
  lab: OpenwrtLab;
  directory: string;
  router: Provider;
  /** Calls since the last time, "uci apply". */
  calls(): string[];
  records(): OpenwrtRecord[];
  control<T = unknown>(command: OpenwrtCommand): T;
  /** A file as it lies on the flash. */
  file(config: string): string;
  configuration(key: string): string | undefined;
  stop(keep?: boolean): Promise<void>;
}

export async function testRouter(
  kept?: string,
  changes: Partial<OpenwrtSpec> = {},
): Promise<TestRouter> {
  const directory = kept ?? mkdtempSync(join(tmpdir(), "hybrid-site-test-"));
  const records: OpenwrtRecord[] = [];
  const line = (number: number) => ({
    name: `isp${number}`,
    device: `eth${number}`,
    address: `100.64.${number}.2/24`,
    gateway: `100.64.${number}.1`,
    reaches: "all" as const,
  });
  const spec: OpenwrtSpec = {
    name: "router",
    listen: { host: "127.0.0.1", port: 0 },
    devices: [0, 1, 2, 3].map((number) => ({
      name: `eth${number}`,
      mac: `bc:24:11:00:00:0${number}`,
    })),
    trunk: "eth0",
    managementAddress,
    lines: [line(1), line(2), line(3)],
    files: image,
    shadow: { root: "of-root", "hybrid-site": password },
    ...changes,
  };
  const lab = await withCertificates(directory, () =>
    startOpenwrt({ directory, spec, record: (entry) => records.push(entry) }),
  );
  const configuration = (key: string) =>
    ({
      "hybrid-site:endpoints": JSON.stringify({
        router: {
          openwrt: {
            url: lab.endpoint.url,
            fingerprints: [lab.endpoint.fingerprint],
          },
        },
      }),
      "hybrid-site:credentials": JSON.stringify({
        router: { openwrt: { username: "hybrid-site", password } },
      }),
    })[key];
  return {
    lab,
    directory,
    router: configured(provider(new EngineWatch(undefined)), configuration),
    calls: () =>
      records.splice(0).map(({ object, method }) => `${object} ${method}`),
    records: () => records.splice(0),
    control: <T>(command: OpenwrtCommand) => lab.control(command) as T,
    file: (config) => lab.control({ do: "config", config }) as string,
    configuration,
    stop: async (keep = kept !== undefined) => {
      await lab.close();
      if (!keep) rmSync(directory, { recursive: true, force: true });
    },
  };
}

const section = (name: string, type: string, options: Values): Section => ({
  section: name,
  type,
  options,
});

const wan = (number: number) =>
  section(`wan${number}`, "interface", {
    device: `eth${number}`,
    proto: "dhcp",
    metric: number * 10,
    peerdns: false,
    dns: ["1.1.1.1"],
  });
const health = (number: number) =>
  section(`wan${number}`, "interface", {
    enabled: true,
    track_ip: ["1.1.1.1", "9.9.9.9"],
    reliability: 1,
    timeout: 1,
    interval: 1,
    down: 2,
    up: 1,
  });
const zone = (name: string, options: Values = {}) =>
  section(`zone_${name}`, "zone", {
    name,
    network: [name],
    input: "REJECT",
    output: "ACCEPT",
    forward: "REJECT",
    ...options,
  });

/** Two lines and a guests' VLAN beside the management's. */
export const site = (changes: Values = {}) => ({
  owner: "site/Router/router",
  host: "router",
  name: "router",
  adopt: true,
  management: "management",
  network: [
    section("lan", "device", {
      name: "br-lan",
      type: "bridge",
      ports: ["eth0"],
    }),
    section("vlan10", "bridge-vlan", {
      device: "br-lan",
      vlan: 10,
      ports: ["eth0:t"],
    }),
    section("vlan30", "bridge-vlan", {
      device: "br-lan",
      vlan: 30,
      ports: ["eth0:t"],
    }),
    section("management", "interface", {
      device: "br-lan.10",
      proto: "static",
      ipaddr: [`${managementAddress}/24`],
    }),
    section("guests", "interface", {
      device: "br-lan.30",
      proto: "static",
      ipaddr: ["10.0.30.1/24"],
    }),
    wan(1),
    wan(2),
  ] as Section[],
  firewall: [
    section("defaults", "defaults", {
      input: "REJECT",
      output: "ACCEPT",
      forward: "REJECT",
    }),
    zone("management", { input: "ACCEPT" }),
    zone("guests"),
    zone("wan1", { masq: true, mtu_fix: true }),
    zone("wan2", { masq: true, mtu_fix: true }),
    section("guests_wan1", "forwarding", { src: "guests", dest: "wan1" }),
  ] as Section[],
  dhcp: [
    section("dnsmasq", "dnsmasq", {
      domainneeded: true,
      noresolv: true,
      server: ["1.1.1.1"],
    }),
    section("guests", "dhcp", {
      interface: "guests",
      start: 100,
      limit: 50,
      leasetime: "12h",
    }),
  ] as Section[],
  mwan3: [
    section("globals", "globals", { mmx_mask: "0x3F00" }),
    health(1),
    health(2),
    section("wan1_m", "member", { interface: "wan1", metric: 1, weight: 1 }),
    section("wan2_m", "member", { interface: "wan2", metric: 2, weight: 1 }),
    section("steady", "policy", { use_member: ["wan1_m", "wan2_m"] }),
    section("rest", "rule", { dest_ip: "0.0.0.0/0", use_policy: "steady" }),
  ] as Section[],
  ...changes,
});

export type SiteInputs = ReturnType<typeof site> & {
  verify?: { window: number };
};

/** The same site, in which one option of one section is another one. */
export function withOption(
  inputs: SiteInputs,
  config: "network" | "firewall" | "dhcp" | "mwan3",
  name: string,
  options: Values,
): SiteInputs {
  const sections = inputs[config].map((item) =>
    item.section === name
      ? { ...item, options: { ...item.options, ...options } }
      : item,
  );
  return { ...inputs, [config]: sections };
}

const files = ["network", "firewall", "dhcp", "mwan3", "system"];
export const standingSite = site({ verify: { window: 12 } });

/** A router on which the site stands. */
export interface Standing {
  lab: TestRouter;
  contents(): string[];
  update(news: SiteInputs): Promise<{ outs?: Values }>;
  /** Nothing is staged for who logs in next, and nothing waits for a confirmation. */
  isClean(): Promise<boolean>;
  /** The site with another lease time than ever before. */
  another(): SiteInputs;
  /** Makes a good change, after which all is quiet. */
  works(): Promise<void>;
}

export async function standing(): Promise<Standing> {
  const lab = await testRouter();
  const { id, outs: first = {} } = await lab.router.create(standingSite);
  let props: Values = first;
  let hours = 12;
  const update = async (news: SiteInputs) => {
    const made = await lab.router.update(id, props, news);
    props = made.outs ?? {};
    return made;
  };
  const another = () =>
    withOption(standingSite, "dhcp", "guests", { leasetime: `${++hours}h` });
  return {
    lab,
    update,
    another,
    contents: () => files.map((name) => lab.file(name)),
    async isClean() {
      const { url, fingerprint } = lab.lab.endpoint;
      const client = new UbusClient(
        "router",
        { url, fingerprints: [fingerprint] },
        { username: "hybrid-site", password },
      );
      const signal = AbortSignal.timeout(10_000);
      const session = await client.login(signal, 60);
      const [changes, confirm] = await session.send(
        [
          { object: "uci", method: "changes" },
          { object: "uci", method: "confirm" },
        ],
        signal,
      );
      await client.close();
      const staged = Object.keys((changes?.data.changes ?? {}) as object);
      return staged.length === 0 && confirm?.code === 5;
    },
    async works() {
      const news = another();
      await update(news);
      const found = await lab.router.read(id, props);
      const { changes } = await lab.router.diff(id, found.props ?? {}, news);
      expect(changes).toBe(false);
    },
  };
}
