import { readFileSync } from "node:fs";
import { judge } from "../../site";
import { hostFilesOf } from "../../site/host-files";
import { sharesOf } from "../../site/storage";
import { load } from "../support/dev-site";
import { problems } from "../support/manifest-problems";
import { openToGuests, share } from "../support/share-violations";

const dev = readFileSync("environments/dev.yaml", "utf8");
const found = (rule: string, site = load()) =>
  judge(site).filter((finding) => finding.rule === rule);

test("a host shares with addresses, on its own one in the storage network", () => {
  expect(sharesOf(load())).toEqual([
    {
      host: "router-server",
      interfaces: ["10.10.20.10"],
      accounts: ["office", "scanner"],
      shares: [
        {
          name: "documents",
          path: "/tank/documents",
          dataset: "tank/documents",
          clients: ["10.10.30.0/24"],
          readers: ["scanner"],
          writers: ["office"],
          comment: "Documents of the office",
          directory: { owner: "root", group: "users", mode: "2770" },
        },
      ],
    },
  ]);
});

test("guests get what is said, and a host makes the accounts of its own shares only", () => {
  const site = load();
  openToGuests(site, "ro");
  const [plan] = sharesOf(site);
  expect(plan?.accounts).toEqual([]);
  expect(plan?.shares[0]).toMatchObject({ guests: "ro" });
  expect(plan?.shares[0]).not.toHaveProperty("readers");
});

test("smbd starts behind the pools and the network, where there are shares", () => {
  const site = load();
  const starts = () =>
    hostFilesOf(site).filter(({ name }) => name === "smbd-start");
  expect(starts()).toMatchObject([
    {
      host: "router-server",
      files: [
        {
          path: "/etc/systemd/system/smbd.service.d/hybrid-site.conf",
          content: expect.stringContaining(
            "After=zfs-mount.service network-online.target\n",
          ),
        },
      ],
    },
  ]);
  if (site.storage) site.storage.shares = [];
  expect(starts()).toEqual([]);
  delete site.storage;
  expect(sharesOf(site)).toEqual([]);
});

test("guests who read, with a reason, are nobody's business", () => {
  const site = load();
  openToGuests(site, "ro");
  expect(found("share-world", site)).toEqual([]);
  expect(found("share-guests", site)).toEqual([]);
});

test("a child that NFS serves is the share's, too, and one beside is not", () => {
  const site = load();
  share(site).dataset = "tank/shares";
  site.storage?.exports.splice(5, 1);
  expect(found("share-nfs", site)[0]?.message).toMatch(
    /the NFS export of "tank\/shares\/media" serve the same files/,
  );
  share(site).dataset = "tank/shares/media";
  const [nested] = site.storage?.exports.slice(-1) ?? [];
  if (nested) nested.dataset = "tank/shares";
  expect(found("share-nfs", site)).toEqual([]);
});

test("a machine in the storage network needs no allowance", () => {
  const site = load();
  share(site).to.push("r630");
  expect(found("share-clients", site)).toEqual([]);
});

const cases: [string, string, string, string][] = [
  [
    "a dataset that is not there",
    "dataset: tank/documents\n",
    "dataset: tank/document\n",
    'x there is no file system "tank/document", did you mean "tank/documents"?',
  ],
  [
    "a client that is not there",
    "to: [application]\n      writers",
    "to: [aplication]\n      writers",
    'x there is no host, guest or network "aplication"',
  ],
  [
    "a client twice",
    "to: [application]\n      writers",
    "to: [application, application]\n      writers",
    'x "application" is named twice, name each once\n  at storage.shares[0].to[1]',
  ],
  [
    "a guest without a static address",
    "to: [application]\n      writers",
    "to: [ci-runner]\n      writers",
    'x guest "ci-runner" has no static address, give it one',
  ],
  [
    "an account that is not there",
    "writers: [office]",
    "writers: [ofice]",
    'x there is no account "ofice", did you mean "office"?',
  ],
  [
    "an account twice",
    "readers: [scanner]",
    "readers: [scanner, office]",
    'x account "office" is named twice, name each once',
  ],
  [
    "an account of no share",
    "accounts: [office, scanner]",
    "accounts: [office, scanner, boss]",
    'x account "boss" is of no share, name it in one or drop it',
  ],
  [
    "an account declared twice",
    "accounts: [office, scanner]",
    "accounts: [office, scanner, office]",
    'x account "office" is there twice',
  ],
  [
    "root",
    "accounts: [office, scanner]",
    "accounts: [office, scanner, root]",
    'x "root" is the system\'s own, choose another name',
  ],
  [
    "a name that the system does not take",
    "accounts: [office, scanner]",
    'accounts: [office, scanner, "Big Boss"]',
    'x "Big Boss" must be a letter, then letters, digits, - and _ in lower case',
  ],
  [
    "nobody",
    "writers: [office]\n      readers: [scanner]\n      comment",
    "comment",
    'x nobody may use "documents", name readers or writers',
  ],
  [
    "guests without a reason",
    "readers: [scanner]\n",
    "guests: { access: ro }\n",
    "storage.shares[0].guests.reason",
  ],
  [
    "readers beside guests",
    "readers: [scanner]\n",
    "readers: [scanner]\n      guests: { access: ro, reason: They know no passwords }\n",
    "x guests read it, and so does everybody, drop these\n  at storage.shares[0].readers",
  ],
  [
    "writers beside guests who write",
    "readers: [scanner]\n",
    "guests: { access: rw, reason: They know no passwords }\n",
    "x guests write it, and so does everybody, drop these\n  at storage.shares[0].writers",
  ],
  [
    "Samba's own name",
    "name: documents",
    "name: Homes",
    "none of Samba's own sections",
  ],
  [
    "a share twice",
    "  mounts:\n",
    "    - { name: DOCUMENTS, dataset: tank/documents, to: [application], readers: [office] }\n  mounts:\n",
    'x share "documents" is used twice, give each its own',
  ],
  [
    "a dataset that is mounted nowhere",
    "properties: { recordsize: 1MiB, acltype: posix }\n      snapshots: { schedule: hourly",
    "properties: { mountpoint: none }\n      snapshots: { schedule: hourly",
    'x "tank/documents" is mounted nowhere, give it a mountpoint',
  ],
  [
    "a server that is not in the storage network",
    "addresses: { management: 10.10.10.10, storage: 10.10.20.10 }",
    "addresses: { management: 10.10.10.10 }",
    'x host "router-server" has no address in network "storage", where "documents" is to be shared, add it',
  ],
  [
    "a variable in the comment",
    "comment: Documents of the office",
    "comment: Documents of %U",
    "plain characters",
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
