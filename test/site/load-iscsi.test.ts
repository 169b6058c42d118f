import { readFileSync } from "node:fs";
import { problems } from "../support/manifest-problems";

const dev = readFileSync("environments/dev.yaml", "utf8");
const target = "luns: [{ lun: 0, volume: fast/disk-r630 }]";

/** A change of the dev manifest, by text, and what the loader says of it. */
const cases: [string, string, string, string][] = [
  [
    "a volume that is not there",
    target,
    "luns: [{ lun: 0, volume: fast/disk-r63 }]",
    'x there is no volume "fast/disk-r63", did you mean "fast/disk-r630"?\n  at storage.iscsi.targets[0].luns[0].volume',
  ],
  [
    "a file system",
    target,
    "luns: [{ lun: 0, volume: fast/vm-r630 }]",
    'x there is no volume "fast/vm-r630"',
  ],
  [
    "a volume twice",
    target,
    "luns: [{ lun: 0, volume: fast/disk-r630 }, { lun: 1, volume: fast/disk-r630 }]",
    'x volume "fast/disk-r630" is served by target "r630" already, serve it once\n  at storage.iscsi.targets[0].luns[1].volume',
  ],
  [
    "a number twice",
    target,
    "luns: [{ lun: 0, volume: fast/disk-r630 }, { lun: 0, volume: fast/other }]",
    "x LUN 0 is there twice, number each once",
  ],
  [
    "a number that no initiator takes",
    target,
    "luns: [{ lun: 300, volume: fast/disk-r630 }]",
    "at storage.iscsi.targets[0].luns[0].lun",
  ],
  [
    "an initiator that is not there",
    "- name: r630\n        to: [r630]",
    "- name: r630\n        to: [r63]",
    'x there is no Proxmox host "r63", did you mean "r630"?\n  at storage.iscsi.targets[0].to[0]',
  ],
  [
    "a server that logs in at itself",
    "- name: r630\n        to: [r630]",
    "- name: r630\n        to: [router-server]",
    'x host "router-server" serves "r630" itself, and would hang at its own shutdown, leave it out',
  ],
  [
    "an initiator twice",
    "- name: r630\n        to: [r630]",
    "- name: r630\n        to: [r630, r630]",
    'x "r630" is named twice, name each once',
  ],
  [
    "an initiator outside of the storage network",
    "management: 10.10.10.12, storage: 10.10.20.12",
    "management: 10.10.10.12",
    'x host "r630" has no address in network "storage", by which it would log in, add it',
  ],
  [
    "a server outside of the storage network",
    "management: 10.10.10.10, storage: 10.10.20.10",
    "management: 10.10.10.10",
    'x host "router-server" has no address in network "storage", where "r630" is to be served, add it',
  ],
  [
    "a storage called as another one",
    "storage: fast-iscsi",
    "storage: fast-nfs",
    'x storage "fast-nfs" is there already on one of its hosts, choose another name\n  at storage.iscsi.targets[0].storage',
  ],
  [
    "an authority without a month",
    "authority: iqn.2026-01.net.example.dev",
    "authority: net.example.dev",
    'must be a month in which the domain was yours, and the domain backwards, like "iqn.2026-01.net.example"',
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
