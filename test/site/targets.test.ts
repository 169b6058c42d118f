import { loadSite } from "../../site";
import {
  initiatorFiles,
  targetOrderFiles,
} from "../../site/host-files/targets";
import { iscsiNetwork } from "../../site/rules/iscsi-network";
import { initiatorsOf, targetsOf } from "../../site/storage";

const load = () => loadSite("environments/dev.yaml");

test("a target is served at its host's address in the storage network, to hosts by their names", () => {
  expect(targetsOf(load())).toEqual([
    {
      host: "router-server",
      name: "r630",
      iqn: "iqn.2026-01.net.example.dev:r630",
      server: "10.10.20.10",
      luns: [{ lun: 0, volume: "fast/disk-r630" }],
      initiators: [
        { host: "r630", iqn: "iqn.2026-01.net.example.dev:host.r630" },
      ],
      dropSessions: true,
      storage: "fast-iscsi",
    },
  ]);
});

test.each([
  ["application", { protocol: "any" }, 1],
  ["application", { protocol: "tcp" }, 1],
  ["application", { protocol: "udp" }, 0],
  ["application", { protocol: "tcp", ports: [2049] }, 0],
  ["management", { protocol: "any" }, 0],
  ["management", { protocol: "tcp", ports: [3260] }, 1],
] as const)(
  "network %s with %p is let to targets: %d findings",
  (from, allowance, count) => {
    const site = load();
    const network = site.networks.find(({ name }) => name === from);
    if (network === undefined) throw new Error(`no ${from}`);
    const ports = "ports" in allowance ? [...allowance.ports] : undefined;
    const { protocol } = allowance;
    const reason = "Because";
    network.allow = [{ to: "storage", protocol, reason, ports }];
    expect(iscsiNetwork.check(site)).toHaveLength(count);
  },
);

test("disks wait twice as long as the server takes to start, and never less than 2 min", () => {
  const site = load();
  expect(initiatorsOf(site)[0]?.patience).toBe(600);
  const { iscsi } = site.storage ?? {};
  if (iscsi) iscsi.serverReboot = 10_000;
  expect(initiatorsOf(site)[0]?.patience).toBe(120);
});

test("targets are restored after the volumes are there, and not before the network is", () => {
  const [plan, ...more] = targetOrderFiles(load());
  expect(more).toEqual([]);
  expect(plan).toMatchObject({
    host: "router-server",
    reload: ["systemctl", "daemon-reload"],
  });
  expect(plan?.files[0]?.path).toBe(
    "/etc/systemd/system/rtslib-fb-targetctl.service.d/hybrid-site.conf",
  );
  expect(plan?.files[0]?.content).toMatch(
    /^\[Unit\]\nWants=network-online.target zfs-volumes.target\nAfter=network-online.target zfs-volumes.target\n$/m,
  );
});

test("a host's file has its patience and CHAP both ways, for root only", () => {
  const [plan] = initiatorsOf(load());
  if (plan === undefined) throw new Error("no initiator");
  const [settings, name] = initiatorFiles(plan, {
    username: "r630",
    password: "of-the-host",
    mutual: { username: "target", password: "of-the-target" },
  });
  expect(settings).toMatchObject({
    path: "/etc/iscsi/iscsid.conf",
    mode: "0600",
  });
  expect(settings?.secretContent.split("\n").slice(1)).toEqual([
    "iscsid.startup = /usr/bin/systemctl start iscsid.socket",
    "node.startup = manual",
    "node.leading_login = No",
    "node.session.timeo.replacement_timeout = 600",
    "node.session.auth.authmethod = CHAP",
    "node.session.auth.username = r630",
    "node.session.auth.password = of-the-host",
    "node.session.auth.username_in = target",
    "node.session.auth.password_in = of-the-target",
    "",
  ]);
  expect(name?.secretContent).toMatch(
    /^InitiatorName=iqn.2026-01.net.example.dev:host.r630\n$/m,
  );
  const [one] = initiatorFiles(plan, { username: "a", password: "b" });
  expect(one?.secretContent).not.toMatch(/_in/);
});
