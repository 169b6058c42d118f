import { readFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { judge, parseSite, qatDevicesOf, type Site } from "../../site";
import { load, server } from "../support/dev-site";

type Values = Record<string, unknown>;
interface Manifest {
  qat: Values[];
}
type Card = Site["qat"][number];

const dev = readFileSync("environments/dev.yaml", "utf8");
const withQat = (changes: Values, ...more: Values[]) => {
  const manifest = parse(dev) as Manifest;
  const [first] = manifest.qat;
  manifest.qat = [{ ...first, ...changes }, ...more];
  return parseSite(stringify(manifest), "site.yaml");
};
const [bare] = (parse(dev) as Manifest).qat;
const outOfTree = {
  stack: "out-of-tree",
  services: ["cy"],
  instances: { user: { crypto: 2, processes: 8 } },
  uses: ["tls"],
  proof: { load: "openssl", run: "1" },
};
const guests = {
  stack: "passthrough",
  disableDenylist: true,
  uses: [],
  proof: undefined,
};

test("the area becomes what the provider is told", () => {
  expect(qatDevicesOf(load())).toEqual([
    {
      name: "qat",
      host: "router-server",
      stack: "in-tree",
      uses: ["ipsec"],
      proof: { load: "kernel", run: "2026-11-30" },
    },
  ]);
  expect(qatDevicesOf(withQat(outOfTree))).toEqual([
    { name: "qat", host: "router-server", adopt: true, ...outOfTree },
  ]);
  expect(qatDevicesOf(withQat(guests))).toEqual([
    {
      name: "qat",
      host: "router-server",
      stack: "passthrough",
      disableDenylist: true,
    },
  ]);
  expect(qatDevicesOf(withQat({ stack: "qatlib" }))).toEqual([]);
});

test.each<[string, Values, string]>([
  ["a host", { host: "router" }, 'there is no host "router"'],
  [
    "a card",
    { card: "qta" },
    'there is no card in host "router-server" called "qta", did you mean "qat"?',
  ],
  [
    "a card of another kind",
    { card: "hba1" },
    'card "hba1" of host "router-server" is a LSI 9207-8e, name an accelerator',
  ],
  [
    "services of another stack",
    { services: ["cy"] },
    '"services" is of stack out-of-tree only, drop it',
  ],
  [
    "the denylist of another stack",
    { disableDenylist: true },
    '"disableDenylist" is of stack passthrough only, drop it',
  ],
  [
    "no services",
    { ...outOfTree, services: undefined },
    '"services" is missing, add it',
  ],
  [
    "instances without their service",
    { ...outOfTree, services: ["dc"] },
    "instances for crypto need the service cy, add it",
  ],
  [
    "no instances",
    { ...outOfTree, instances: undefined },
    "without instances nobody can use it, add some",
  ],
  [
    "two functions of three",
    { endpoints: ["0000:54:00.0", "0000:55:00.0"] },
    "endpoints",
  ],
  ["an unknown key", { numvfs: 4 }, '"numvfs" is no key here'],
])("%s that cannot be is told", (_what, changes, message) => {
  expect(() => withQat(changes)).toThrow(message);
});

test("a name twice is told", () => {
  expect(() => withQat({}, bare ?? {})).toThrow(/QAT name "qat" is used twice/);
});

const first = (site: Site) => site.qat[0] as Card;
const findings = (change: (site: Site) => void) => {
  const site = load();
  change(site);
  return judge(site).filter(({ rule }) => rule.startsWith("qat-"));
};

test.each<[string, (site: Site) => void, string[]]>([
  ["the dev site", () => undefined, []],
  [
    "OpenSSL by the kernel's driver",
    (site) => {
      first(site).uses = ["tls"];
    },
    ["qat-stack"],
  ],
  [
    "OpenSSL's load by the kernel's driver",
    (site) => {
      first(site).proof = { load: "openssl", run: "1" };
    },
    ["qat-stack"],
  ],
  [
    "OpenSSL by Intel's driver",
    (site) => {
      Object.assign(first(site), outOfTree);
    },
    [],
  ],
  [
    "trusted guests",
    (site) => {
      Object.assign(first(site), guests);
    },
    ["qat-denylist"],
  ],
  [
    "guests and a proof",
    (site) => {
      Object.assign(first(site), guests, {
        proof: { load: "kernel", run: "1" },
      });
    },
    ["qat-denylist", "qat-exclusive"],
  ],
  [
    "a card for two",
    (site) => {
      site.qat.push({ ...first(site), name: "other" });
    },
    ["qat-exclusive"],
  ],
  [
    "a card whose slot nobody tells, in a machine of known slots",
    (site) => {
      for (const card of server(site).cards)
        if (card.name === "qat") delete card.slot;
    },
    ["qat-slot"],
  ],
])("%s: the rules find what they find", (_what, change, rules) => {
  expect(findings(change).map(({ rule }) => rule)).toEqual(rules);
});

/** Somebody's guest is given the card; who, on which host. */
const given: [string, Values, string][] = [
  [
    "a card that is its host's own",
    {},
    `QAT "qat" is its host's own, with stack in-tree, set passthrough there or drop this`,
  ],
  [
    "a card of another host",
    guests,
    'QAT "qat" is in host "router-server", move the guest there or drop this',
  ],
];
test.each(given)("%s is not given to a guest", (_, changes, message) => {
  const manifest = parse(dev) as Manifest & { guests: Values[] };
  const [first] = manifest.qat;
  manifest.qat = [{ ...first, ...changes }];
  const index = manifest.guests.findIndex(
    ({ host }) => host !== "router-server",
  );
  manifest.guests[index] = {
    ...manifest.guests[index],
    pciDevices: [{ mapping: "qat" }],
  };
  expect(() => parseSite(stringify(manifest), "site.yaml")).toThrow(message);
});
