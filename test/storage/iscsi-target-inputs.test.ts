import { EngineWatch } from "../../providers/dynamic/engine";
import { provider as iscsiTarget } from "../../providers/storage/iscsi-target/lifecycle";
import { one, passwords, targetInputs, two } from "../support/iscsi";
import { configured } from "../support/provider";

type Values = Record<string, unknown>;
const provider = configured(
  iscsiTarget(new EngineWatch(undefined)),
  () => undefined,
);

const credential = (change: Values = {}) => ({
  credentials: {
    ...(targetInputs().credentials as Values),
    [two]: { username: "two", password: passwords[2], ...change },
  },
});

test.each<[string, Values, RegExp]>([
  ["every address", { portals: [{ address: "0.0.0.0" }] }, /internet's side/],
  [
    "every address of IPv6",
    { portals: [{ address: "::" }] },
    /internet's side/,
  ],
  ["a name", { portals: [{ address: "storage" }] }, /must be an address/],
  [
    "every address, written as one of IPv6",
    { portals: [{ address: "::ffff:0.0.0.0" }] },
    /must be written as the address of IPv4/,
  ],
  ["the loopback", { portals: [{ address: "127.0.0.1" }] }, /own loopback/],
  [
    "an address in another form than the host's",
    { portals: [{ address: "fd00:0020::0010" }] },
    /must be written fd00:20::10/,
  ],
  ["a link's address", { portals: [{ address: "fe80::1" }] }, /link-local/],
  ["no portal", { portals: [] }, /must not be empty/],
  [
    "a portal twice",
    { portals: [{ address: "10.0.0.1" }, { address: "10.0.0.1", port: 3260 }] },
    /is there twice/,
  ],
  ["no name", { iqn: "disks" }, /must be a name like/],
  ["a name in capitals", { iqn: "iqn.2026-01.net.Example:a" }, /a name like/],
  [
    "a volume twice",
    {
      luns: [
        { lun: 0, volume: "tank/a" },
        { lun: 1, volume: "tank/a" },
      ],
    },
    /tank\/a is there twice/,
  ],
  [
    "a number twice",
    {
      luns: [
        { lun: 0, volume: "tank/a" },
        { lun: 0, volume: "tank/b" },
      ],
    },
    /0 is there twice/,
  ],
  ["a pool", { luns: [{ lun: 0, volume: "tank" }] }, /must be "POOL\/PATH"/],
  [
    "a short serial",
    { luns: [{ lun: 0, volume: "tank/a", serial: "1" }] },
    /must be a UUID/,
  ],
  [
    "a LUN that is none",
    { initiators: [{ iqn: one, luns: [7] }, { iqn: two }] },
    /there is no LUN 7/,
  ],
  [
    "an initiator without CHAP",
    { initiators: [{ iqn: one }, { iqn: two }, { iqn: `${two}:x` }] },
    /has none, and nobody gets in without/,
  ],
  ["CHAP of nobody", { initiators: [{ iqn: one }] }, /is of no initiator/],
  ["a short password", credential({ password: "short" }), /12 to 255/],
  [
    "a password with a space",
    credential({ password: "with space in it" }),
    /without spaces/,
  ],
  ["none", credential({ password: "NULL-and-more" }), /not NULL/],
  [
    "a user that the kernel takes for none",
    credential({ username: "NULLifier" }),
    /not NULL/,
  ],
  ["a user with a space", credential({ username: "a b" }), /must be letters/],
  [
    "the same secret both ways",
    credential({ mutual: { username: "x", password: passwords[2] } }),
    /must be another one/,
  ],
])("%s is refused at preview", async (_what, change, reason) => {
  const { failures = [] } = await provider.check({}, targetInputs(change));
  const said = failures.map((failure) => failure.reason).join();
  expect(said).toMatch(reason);
  for (const secret of passwords) expect(said).not.toContain(secret);
});

test("another serial for a disk is refused at preview", async () => {
  const serial = "0c0c0c0c-1111-2222-3333-444444444444";
  const news = targetInputs({
    luns: [
      { lun: 0, volume: "tank/a", serial },
      { lun: 1, volume: "tank/b" },
    ],
  });
  const { failures = [] } = await provider.check(targetInputs(), news);
  expect(failures[0]?.reason).toMatch(/initiators would see another disk/);
});
