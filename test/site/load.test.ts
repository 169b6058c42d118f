import { readFileSync } from "node:fs";
import { problems } from "../support/manifest-problems";

const dev = readFileSync("environments/dev.yaml", "utf8");

/** A change of the dev manifest, by text, and what the loader says of it. */
const cases: [string, string | RegExp, string, string][] = [
  [
    "an unknown key",
    "memory: 1GiB",
    "memroy: 1GiB",
    'x "memroy" is no key here, did you mean "memory"?\n  at guests[0].memroy (line ',
  ],
  [
    "a missing key",
    "    cores: 4\n    memory: 1GiB",
    "    memory: 1GiB",
    'x "cores" is missing, add it (number)\n  at guests[0].cores (line ',
  ],
  [
    "a wrong unit",
    "memory: 1GiB",
    "memory: 1GB",
    'x "1GB" is no size, write a number and one of MiB, GiB, TiB, like 20GiB, correct the value\n  at guests[0].memory (line ',
  ],
  [
    "a word that is not allowed",
    "role: router\n",
    "role: ruoter\n",
    'x "ruoter" is not allowed, did you mean "router"?\n  at guests[0].role (line ',
  ],
  [
    "a duplicate guest",
    "- name: tunnel\n    host",
    "- name: openwrt\n    host",
    'x guest name "openwrt" is used twice, give each its own\n  at guests[1].name (line ',
  ],
  [
    "a duplicate VLAN",
    "vlan: 50",
    "vlan: 40",
    'x VLAN id "40" is used twice, give each its own\n  at networks[4].vlan (line ',
  ],
  [
    "a VLAN id out of range",
    "vlan: 50",
    "vlan: 5000",
    "at networks[4].vlan (line ",
  ],
  [
    "a dangling network",
    "network: ci,",
    "network: cii,",
    'x there is no network "cii", did you mean "ci"?\n  at guests[3].nics[0].network (line ',
  ],
  [
    "a dangling image",
    "image: openwrt-24.10",
    "image: openwrt-24.1x",
    'x there is no image "openwrt-24.1x", did you mean "openwrt-24.10"?\n  at guests[0].image (line ',
  ],
  [
    "a dangling host",
    "    host: r630\n    image",
    "    host: r640\n    image",
    'x there is no Proxmox host "r640", did you mean "r630"?',
  ],
  [
    "a dangling storage",
    "disks: [{ slot: scsi0, storage: local-zfs, size: 80GiB",
    "disks: [{ slot: scsi0, storage: locl-zfs, size: 80GiB",
    'x there is no storage on host "r630" called "locl-zfs", did you mean "local-zfs"?',
  ],
  [
    "a dangling bridge",
    "nics: [{ bridge: vmbr0, network: kubernetes",
    "nics: [{ bridge: vmbr1, network: kubernetes",
    'called "vmbr1", did you mean "vmbr0"?',
  ],
  [
    "overlapping networks",
    "cidr: 10.10.50.0/24",
    "cidr: 10.10.0.0/16",
    'x 10.10.0.0/16 overlaps 10.10.10.0/24 of network "management", choose another range\n  at networks[4].cidr',
  ],
  [
    "a network with host bits",
    "cidr: 10.10.50.0/24",
    "cidr: 10.10.50.1/24",
    'x "10.10.50.1/24" is no IPv4 network',
  ],
  [
    "an address outside its VLAN",
    "address: 10.10.99.10",
    "address: 10.10.98.10",
    'x 10.10.98.10 is outside 10.10.99.0/24 of network "tunnel", choose one inside\n  at guests[1].nics[0].address',
  ],
  [
    "an address used twice",
    "address: 10.10.99.10",
    "address: 10.10.99.1",
    "x 10.10.99.1 is used twice, give each its own",
  ],
  [
    "a broadcast address",
    "address: 10.10.99.10",
    "address: 10.10.99.255",
    "x 10.10.99.255 is the first or last address of 10.10.99.0/24",
  ],
  [
    "no address",
    "address: 10.10.99.10",
    "address: here",
    "at guests[1].nics[0].address",
  ],
  [
    "a disk slot used twice",
    "slot: scsi1,",
    "slot: scsi0,",
    'x disk slot "scsi0" is used twice',
  ],
  [
    "a download without checksum",
    /\n {6}checksum: \S+/.exec(dev)?.[0] ?? "",
    "",
    "x a download needs both url and checksum, add the other or drop both\n  at proxmox.images[0]",
  ],
  [
    "a NIC in a network and a trunk",
    "nics: [{ bridge: vmbr0, network: ci,",
    "nics: [{ bridge: vmbr0, network: ci, trunk: [storage],",
    "x a NIC is in one network or carries a trunk",
  ],
  [
    "ids the wrong way round",
    "{ from: 1000, to: 1999 }",
    "{ from: 2000, to: 1999 }",
    "x vmIds go from 2000 down to 1999, swap them",
  ],
  ["broken YAML", "guests:", "guests: [", "correct the YAML"],
  [
    "a key used twice",
    "  name: dev\n",
    "  name: dev\n  name: prod\n",
    "Map keys must be unique",
  ],
];

test.each(cases)(
  "%s is told with its place and remedy",
  (_what, from, to, expected) => {
    const text = dev.replace(from, to);
    expect(text).not.toBe(dev);
    expect(problems(text)).toContain(expected);
  },
);

test("all problems are told at once, of form and of reference, by line", () => {
  const text = dev
    .replace("memory: 1GiB", "memroy: 1GiB")
    .replace("vlan: 50", "vlan: 40")
    .replace("network: ci,", "network: cii,");
  const message = problems(text);
  expect(message.split("\n")[0]).toBe("site.yaml: 3 problems");
  const lines = [...message.matchAll(/\(line (\d+)\)/g)].map(([, line]) =>
    Number(line),
  );
  expect(lines).toEqual([...lines].sort((left, right) => left - right));
});

const tab =
  "the line is indented by a tab, which YAML does not take, write spaces";

test.each<[string, (text: string) => string, string[]]>([
  ["a tab", (text) => text.replace("    cores: 4\n", "\tcores: 4\n"), [tab]],
  [
    "a tab on each of two lines",
    (text) =>
      text
        .replace("    cores: 4\n", "\tcores: 4\n")
        .replace("    memory: 1GiB\n", "\tmemory: 1GiB\n"),
    [tab, tab],
  ],
  [
    "a bracket that is not closed",
    (text) => text.replace("guests:", "guests: ["),
    [
      "Block collections are not allowed within flow collections, correct the YAML",
    ],
  ],
  [
    "two keys that are used twice, and a tab",
    (text) =>
      text
        .replace("  name: dev\n", "  name: dev\n  name: prod\n")
        .replace("    vlan: 50\n", "    vlan: 50\n    vlan: 51\n")
        .replace("    cores: 4\n", "\tcores: 4\n"),
    [
      "Map keys must be unique, correct the YAML",
      "Map keys must be unique, correct the YAML",
      tab,
    ],
  ],
])("%s is told once, and not what follows from it", (_what, change, causes) => {
  const told = problems(change(dev)).split("\n");
  expect(told.filter((line) => line.startsWith("x "))).toEqual(
    causes.map((cause) => `x ${cause}`),
  );
});

test.each([
  ["an empty file", ""],
  ["a list", "- a"],
  ["a text", "hello"],
])("%s is no manifest, and says what one has", (_what, text) => {
  expect(problems(text)).toMatch(/^site\.yaml: \d+ problem/);
});

test("a file that is not there is told with its cause", () => {
  const { loadSite } =
    jest.requireActual<typeof import("../../site")>("../../site");
  expect(() => loadSite("environments/gone.yaml")).toThrow(
    "environments/gone.yaml: 1 problem\nx cannot be read (ENOENT), check hybrid-site:manifest",
  );
});
