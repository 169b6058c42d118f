import {
  image,
  type SiteInputs,
  site,
  type TestRouter,
  testRouter,
  withOption,
} from "../support/openwrt";

type Values = Record<string, unknown>;

let lab: TestRouter;
beforeEach(async () => {
  lab = await testRouter();
});
afterEach(() => lab.stop());

const seconds = 90_000;
const writes = /^uci (add|set|delete|rename|order|apply)$/;

const create = async (inputs: Values = site()) => {
  const { id, outs = {} } = await lab.router.create(inputs);
  return { id, props: outs };
};
const isQuiet = async (id: string, props: Values, inputs: Values = site()) => {
  const found = await lab.router.read(id, props);
  return !(await lab.router.diff(id, found.props ?? {}, inputs)).changes;
};
const foreign = `
config rule 'theirs'
	option name 'Somebody else'\\''s'
	list proto 'tcp'
	option target 'DROP'
`;

test(
  "a router is made in one apply, proved, confirmed, and quiet",
  async () => {
    const { failures } = await lab.router.check({}, site());
    expect(failures).toEqual([]);
    const { id, props } = await create();
    const calls = lab.calls();
    expect(calls.filter((name) => name === "uci apply")).toHaveLength(1);
    expect(calls.filter((name) => name === "uci confirm")).toHaveLength(1);
    expect(lab.control({ do: "warnings" })).toEqual([]);
    expect(await isQuiet(id, props)).toBe(true);
    expect(lab.calls().filter((name) => writes.test(name))).toEqual([]);
  },
  seconds,
);

test(
  "a drifted option is named by its path, and repaired by one change",
  async () => {
    const { id, props } = await create();
    lab.control({ do: "drift", path: "network.wan1.metric", value: "99" });
    const said = jest.spyOn(process.stdout, "write").mockReturnValue(true);
    const found = await lab.router.read(id, props);
    expect(said.mock.calls.flat()).toContain(
      'Router "router": on the router network.wan1.metric is 99, not 10\n',
    );
    said.mockRestore();
    lab.calls();
    await lab.router.update(id, found.props ?? {}, site());
    const sent = lab.calls().filter((name) => writes.test(name));
    // One option, and the mark in two files with it.
    expect(sent).toEqual(["uci set", "uci set", "uci set", "uci apply"]);
    expect(lab.file("network")).toContain("option metric '10'");
    expect(await isQuiet(id, props)).toBe(true);
  },
  seconds,
);

test(
  "a section that is gone is told at refresh, and by its name at the preview that mends it",
  async () => {
    const { id, props } = await create();
    lab.control({ do: "drift", path: "network.wan1" });
    const said = jest.spyOn(process.stdout, "write").mockReturnValue(true);
    const found = await lab.router.read(id, props);
    const { changes } = await lab.router.diff(id, found.props ?? {}, site());
    const shown = said.mock.calls.flat();
    said.mockRestore();
    expect(changes).toBe(true);
    expect(shown).toEqual([
      'Router "router": on the router network.wan1 is gone\n',
      'Router "router": network.wan1 is new (interface)\n',
    ]);
  },
  seconds,
);

test(
  "what somebody else has in the files is the same byte for byte before, with and after the site",
  async () => {
    await lab.stop();
    const files = {
      ...image,
      "etc/config/firewall": `${image["etc/config/firewall"]}${foreign}`,
    };
    lab = await testRouter(undefined, { files });
    const { id, props } = await create();
    expect(lab.file("firewall")).toContain(foreign);
    const news = withOption(site(), "firewall", "zone_guests", {
      input: "DROP",
    });
    const { outs = {} } = await lab.router.update(id, props, news);
    expect(lab.file("firewall")).toContain(foreign);
    await lab.router.delete(id, outs);
    expect(lab.file("firewall")).toContain(foreign);
  },
  seconds,
);

test(
  "deletion puts back what stood there, and takes the rest away",
  async () => {
    const { id, props } = await create();
    await lab.router.delete(id, props);
    expect(lab.file("network")).not.toContain("wan1");
    expect(lab.file("system")).not.toContain("hybrid_site");
    const dhcp = lab.file("dhcp");
    expect(dhcp).toContain("option domainneeded '1'");
    expect(dhcp).not.toContain("noresolv");
  },
  seconds,
);

test(
  "deletion that would take the management interface away is refused, unless the operator is at the console",
  async () => {
    await lab.stop();
    const network = (image["etc/config/network"] ?? "").replace(
      /'management'\n\toption device 'br-lan.10'/,
      "'lan'\n\toption device 'br-lan.10'",
    );
    const zone = (image["etc/config/firewall"] ?? "").replace(
      "list network 'management'",
      "list network 'management'\n\tlist network 'lan'",
    );
    lab = await testRouter(undefined, {
      files: {
        ...image,
        "etc/config/network": network,
        "etc/config/firewall": zone,
      },
    });
    const { id, props } = await create();
    await expect(lab.router.delete(id, props)).rejects.toThrow(
      /had no interface "management" like this one, so it would be cut off/,
    );
    expect(lab.file("network")).toContain("config interface 'management'");
    await lab.router.delete(id, { ...props, recoveryPortInUse: true });
    expect(lab.file("network")).not.toContain("config interface 'management'");
  },
  seconds,
);

test(
  "what is there and not this site's is told, all of it, and nothing is touched",
  async () => {
    const before = lab.file("network");
    await expect(create(site({ adopt: undefined }))).rejects.toThrow(
      /network\.cfg\w+ \(wanted as lan\), network\.vlan10, network\.management.*firewall\.cfg.*Set adopt: true/,
    );
    expect(lab.file("network")).toBe(before);
    expect(lab.calls().filter((name) => writes.test(name))).toEqual([]);
  },
  seconds,
);

test(
  "another site's router is told with its owner",
  async () => {
    const { id, props } = await create();
    const other = site({ owner: "other/Router/router", adopt: undefined });
    await expect(create(other)).rejects.toThrow(
      'it belongs to "site/Router/router"',
    );
    expect(await lab.router.read(id, { ...props, ...other })).toEqual({});
  },
  seconds,
);

test(
  "three hundred hosts and rules go in in their order, and one more in the middle is one apply",
  async () => {
    const many = (count: number) => {
      const numbers = Array.from({ length: count }, (_, index) => index);
      return {
        hosts: numbers.map((number) => ({
          section: `host${number}`,
          type: "host",
          options: {
            name: `host${number}`,
            mac: [
              `BC:24:11:00:${(number >> 8).toString(16).padStart(2, "0").toUpperCase()}:${(number & 255).toString(16).padStart(2, "0").toUpperCase()}`,
            ],
            ip: `10.0.${30 + (number >> 8)}.${number & 255 || 1}`,
          },
        })),
        rules: numbers.map((number) => ({
          section: `rule${number}`,
          type: "rule",
          options: {
            name: `rule${number}`,
            src: "guests",
            dest: "wan1",
            proto: ["tcp"],
            dest_port: [`${1_000 + number}`],
            target: "ACCEPT",
          },
        })),
      };
    };
    const { hosts, rules } = many(300);
    const inputs = site();
    const full: SiteInputs = {
      ...inputs,
      dhcp: [...inputs.dhcp, ...hosts],
      firewall: [...inputs.firewall, ...rules],
    };
    const { id, props } = await create(full);
    const names = () =>
      [...lab.file("firewall").matchAll(/config rule '(\w+)'/g)].map(
        ([, name]) => name,
      );
    expect(names()).toEqual(rules.map(({ section }) => section));
    lab.calls();
    const extra = {
      section: "extra",
      type: "rule",
      options: { name: "extra", src: "guests", target: "DROP" },
    };
    const firewall = [...full.firewall];
    firewall.splice(20, 0, extra);
    const { outs = {} } = await lab.router.update(id, props, {
      ...full,
      firewall,
    });
    const sent = lab.calls().filter((name) => writes.test(name));
    expect(sent).toEqual([
      "uci add",
      "uci order",
      "uci set",
      "uci set",
      "uci apply",
    ]);
    expect(names()).toEqual(
      firewall
        .filter(({ type }) => type === "rule")
        .map(({ section }) => section),
    );
    expect(await isQuiet(id, outs, { ...full, firewall })).toBe(true);
  },
  seconds,
);

test(
  "cards in another order than declared are told before anything is staged",
  async () => {
    const macs = {
      eth0: "BC:24:11:00:00:00",
      eth1: "BC:24:11:00:00:02",
      eth2: "BC:24:11:00:00:01",
    };
    await expect(create(site({ macs }))).rejects.toThrow(
      /network cards are not those that are declared.*eth1 is bc:24:11:00:00:01, declared is BC:24:11:00:00:02; eth2 is/,
    );
    expect(lab.calls().filter((name) => writes.test(name))).toEqual([]);
  },
  seconds,
);

test(
  "a router that lets root in without a password is not managed",
  async () => {
    await lab.stop();
    lab = await testRouter(undefined, {
      shadow: { root: "", "hybrid-site": "of-the-account" },
    });
    await expect(create()).rejects.toThrow(
      /lets root in without a password\. Set one/,
    );
  },
  seconds,
);

test(
  "a right that the account lacks is told with the file that gives it",
  async () => {
    await lab.stop();
    const path = "usr/share/rpcd/acl.d/hybrid-site.json";
    const acl = (image[path] ?? "").replace('"apply",', "");
    lab = await testRouter(undefined, { files: { ...image, [path]: acl } });
    await expect(create()).rejects.toThrow(
      /uci apply: the account may not call it\. Put the ACL file .* into \/usr\/share\/rpcd\/acl\.d/,
    );
    expect(lab.file("network")).not.toContain("wan1");
  },
  seconds,
);

test(
  "a password of a line is in no word that is said",
  async () => {
    const said = jest.spyOn(process.stdout, "write").mockReturnValue(true);
    const inputs = withOption(site(), "network", "wan2", {
      proto: "pppoe",
      username: "me",
      password: "hunter2hunter2",
    });
    const { id, props } = await create(inputs);
    lab.control({
      do: "drift",
      path: "network.wan2.password",
      value: "another-secret",
    });
    await lab.router.read(id, props);
    const words = said.mock.calls.flat().join("");
    said.mockRestore();
    expect(words).toContain("network.wan2.password is [secret], not [secret]");
    expect(words).not.toMatch(/hunter2|another-secret/);
  },
  seconds,
);

test(
  "a file that the account may not write is told at once, and not taken for somebody's change",
  async () => {
    await lab.stop();
    const path = "usr/share/rpcd/acl.d/hybrid-site.json";
    const acl = JSON.parse(image[path] ?? "") as Record<
      string,
      { write: { uci: string[] } }
    >;
    for (const group of Object.values(acl))
      group.write.uci = group.write.uci.filter((name) => name !== "network");
    const files = { ...image, [path]: JSON.stringify(acl) };
    lab = await testRouter(undefined, { files });
    await expect(create()).rejects.toThrow(
      /uci revert network: permission denied .*Add "network" to the uci scope/,
    );
  },
  seconds,
);
