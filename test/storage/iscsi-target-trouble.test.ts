import { logIn } from "../../lab/host/lio";
import {
  iqn,
  one,
  passwords,
  saved,
  sortedTree,
  type TargetHost,
  targetHost,
  targetInputs,
  two,
} from "../support/iscsi";

jest.setTimeout(120_000);

let host: TargetHost;
beforeAll(async () => {
  host = await targetHost();
});
beforeEach(() => host.clean());
afterAll(() => host.stop());

type Values = Record<string, unknown>;
const group = `/iscsi/${iqn}/tpg1`;
const theirs = "iqn.2020-01.org.other:x";
const create = (inputs = targetInputs()) => host.create(inputs);
const quiet = async (id: string, props: Values, inputs = targetInputs()) =>
  (await host.look(id, props, inputs)).changes === false;
const login = () =>
  logIn(host.world, {
    target: iqn,
    initiator: one,
    portal: "10.0.20.10",
    from: "10.0.20.12",
    username: "one",
    password: passwords[0],
  });

async function foreign() {
  await host.run("targetcli /backstores/block create x /dev/zvol/tank/c");
  await host.run(`targetcli /iscsi create ${theirs}`);
  await host.run(
    `targetcli /iscsi/${theirs}/tpg1/luns create /backstores/block/x`,
  );
  const tpg = `targetcli /iscsi/${theirs}/tpg1`;
  await host.run(`${tpg} set attribute authentication=1`);
  await host.run(`${tpg}/portals create 10.0.9.1`);
  await host.run(`${tpg}/acls create ${one}`);
  await host.run(
    `${tpg}/acls/${one} set auth userid=a password=somebody-elses`,
  );
}

test.each<[string, () => unknown, RegExp, Values?]>([
  [
    "a volume that is not there",
    () => undefined,
    /volume tank\/none is not there.*Import its pool/,
    {
      luns: [{ lun: 0, volume: "tank/none" }],
      initiators: [{ iqn: one }, { iqn: two }],
    },
  ],
  [
    "a file system",
    () => host.run("zfs create tank/files"),
    /tank\/files .*is a filesystem, and only a volume is a disk/,
    {
      luns: [{ lun: 0, volume: "tank/files" }],
      initiators: [{ iqn: one }, { iqn: two }],
    },
  ],
  [
    "a volume that another target serves",
    foreign,
    /\/dev\/zvol\/tank\/c .*is backstore x already, which is none of this target/,
    {
      luns: [{ lun: 0, volume: "tank/c" }],
      initiators: [{ iqn: one }, { iqn: two }],
    },
  ],
  [
    "a backstore of the name that is another's",
    async () => {
      await host.run(
        "targetcli /backstores/block create tank-a /dev/zvol/tank/c",
      );
    },
    /backstore tank-a .*is \/dev\/zvol\/tank\/c with serial .*no mark/,
  ],
  [
    "a target that is another's",
    () =>
      host
        .run(`targetcli /iscsi create ${iqn}`)
        .then(() =>
          host.run(
            `targetcli ${group} set parameter TargetAlias=site/IscsiTarget/else`,
          ),
        ),
    /belongs to "site\/IscsiTarget\/else"/,
  ],
  [
    "a target without a mark",
    () =>
      host
        .run(`targetcli /iscsi create ${iqn}`)
        .then(() => host.run(`targetcli ${group}/acls create ${one}`)),
    /carries no mark of this site.*adopt: true/,
  ],
  [
    "a bare target that somebody named",
    () =>
      host
        .run(`targetcli /iscsi create ${iqn}`)
        .then(() =>
          host.run(`targetcli ${group} set parameter TargetAlias=theirs`),
        ),
    /carries no mark of this site.*adopt: true/,
  ],
  [
    "what others have saved and does not run",
    async () => {
      await foreign();
      await host.run("targetcli saveconfig");
      await host.run("targetctl clear");
    },
    /has saved backstore block\/x, target .*other:x, LUN 0 of .*would forget it/,
  ],
  ...[
    ["portals delete 10.0.9.1 3260", "portal 10.0.9.1:3260 of "],
    [`acls delete ${one}`, `initiator ${one} of .*, LUN 0 for ${one} of `],
    [`acls/${one} delete 0`, `LUN 0 for ${one} of `],
    [`acls/${one} set auth password=`, `CHAP for ${one} of `],
    [" set attribute authentication=0", "authentication of "],
    [" disable", "enabled state of "],
  ].map(([line = "", what]): [string, () => unknown, RegExp] => [
    `what others have saved and lost by "${line}"`,
    async () => {
      await foreign();
      await host.run("targetcli saveconfig");
      const slash = line.startsWith(" ") ? "" : "/";
      await host.run(`targetcli /iscsi/${theirs}/tpg1${slash}${line}`);
    },
    new RegExp(`has saved ${what}.*other:x and does not serve it`),
  ]),
  [
    "a file that is none of the library's",
    () => host.world.put(saved, '{"targets": "canary-of-initiator-one"}'),
    /saveconfig.json on host "storage" is not what targetctl writes/,
  ],
])(
  "%s is refused, and nothing is changed",
  async (_what, bend, reason, change = {}) => {
    await bend();
    const before = sortedTree(await host.live());
    const error = await create(targetInputs(change)).catch(
      (failure: Error) => failure.message,
    );
    expect(error).toMatch(reason);
    expect(error).not.toContain(passwords[0]);
    expect(sortedTree(await host.live())).toBe(before);
  },
);

test("others' targets and backstores stay as they are, also when ours goes", async () => {
  await foreign();
  await host.run("targetcli saveconfig");
  const before = sortedTree(await host.live());
  const { id, props } = await create();
  const { targets, storage_objects: objects } = await host.live();
  expect([targets, objects].map((list) => list.length)).toEqual([2, 3]);
  expect(await quiet(id, props)).toBe(true);
  await host.provider.delete(id, props);
  expect(sortedTree(await host.live())).toBe(before);
  expect(sortedTree(host.saved())).toBe(before);
});

test("what others have not saved is told when it is", async () => {
  await foreign();
  await create();
  expect(host.told()).toMatch(
    /keeps for its next start, too: backstore block\/x/,
  );
});

test("nothing is taken away from somebody who is logged in, unless that is said", async () => {
  const { id, props } = await create();
  expect(login()).toEqual([0, 1]);
  const fewer = targetInputs({
    luns: [{ lun: 1, volume: "tank/b" }],
  });
  const before = sortedTree(await host.live());
  await expect(host.provider.update(id, props, fewer)).rejects.toThrow(
    /is in use, and this would take away from .*:one \(10.0.20.12\) LUN 0.*iscsiadm --mode node/,
  );
  await expect(host.provider.delete(id, props)).rejects.toThrow(
    /:one \(10.0.20.12\) the target/,
  );
  expect(sortedTree(await host.live())).toBe(before);
  const elsewhere = targetInputs({ portals: [{ address: "10.0.20.11" }] });
  await expect(host.provider.update(id, props, elsewhere)).rejects.toThrow(
    /:one \(10.0.20.12\) portal 10.0.20.10:3260/,
  );
  expect(sortedTree(await host.live())).toBe(before);
  const more = targetInputs({
    luns: [...(targetInputs().luns as Values[]), { lun: 2, volume: "tank/c" }],
  });
  const { outs: grown = {} } = await host.provider.update(id, props, more);
  expect(login()).toEqual([0, 1, 2]);
  // Nobody of this name is logged in.
  const alone = targetInputs({
    initiators: [{ iqn: one }],
    credentials: { [one]: (targetInputs().credentials as Values)[one] },
    luns: more.luns,
  });
  const { outs: left = {} } = await host.provider.update(id, grown, alone);
  host.told();
  const told = { ...alone, luns: fewer.luns, dropSessions: true };
  await host.provider.update(id, left, told);
  expect(host.told()).toMatch(/loses now: .*:one \(10.0.20.12\) LUN 0/);
  expect((await host.live()).storage_objects).toHaveLength(1);
});

test("a portal on every address goes also while somebody is logged in: he comes back by the declared one", async () => {
  const { id, props } = await create();
  await host.run(`targetcli ${group}/portals create 0.0.0.0`);
  login();
  await host.provider.update(id, props, targetInputs());
  expect((await host.live()).targets[0]?.tpgs[0]?.portals).toHaveLength(1);
});

test("what another run took away is told as that, and nobody is sent to a backup", async () => {
  await host.run("targetcli saveconfig");
  host.fault({ match: "targetctl save", kind: "fails", code: 0 });
  const error = await create().catch((failure: Error) => failure.message);
  expect(error).toMatch(/"targetctl save .*" left nothing there.*run it again/);
  expect(error).not.toMatch(/backup/);
});

test("a portal that comes by itself is gone before anything is served", async () => {
  // Somebody switches it on again behind our back.
  host.fault({ match: "targetcli set global", kind: "fails", code: 0 });
  host.commands();
  await create();
  const portals = (await host.live()).targets[0]?.tpgs[0]?.portals;
  expect(portals?.map((item) => item.ip_address)).toEqual(["10.0.20.10"]);
  const lines = host.commands();
  const at = (text: string) => lines.findIndex((line) => line.includes(text));
  expect(at("portals delete 0.0.0.0")).toBeGreaterThan(0);
  expect(at("portals delete 0.0.0.0")).toBeLessThan(at("luns create"));
});

test.each([
  "targetcli /backstores/block create name=tank-b",
  `targetcli ${group}/luns create`,
  `targetcli ${group}/acls create`,
  "dd of=",
  `targetcli ${group}/portals create`,
])("a creation that fails at %s leaves nothing", async (match) => {
  host.fault({ match, kind: "fails", text: "no" });
  await expect(create()).rejects.toThrow(
    /ended with 1: no.*What was served before is served again/,
  );
  expect(await host.live()).toMatchObject({ storage_objects: [], targets: [] });
  const { id, props } = await create();
  expect(await quiet(id, props)).toBe(true);
});

const changed = () =>
  targetInputs({
    portals: [{ address: "10.0.20.11" }],
    luns: [
      { lun: 1, volume: "tank/b" },
      { lun: 2, volume: "tank/c" },
    ],
    initiators: [{ iqn: one }, { iqn: two }],
  });

test.each([
  `targetcli ${group}/luns delete`,
  "targetcli /backstores/block create",
  `targetcli ${group}/acls/${two} create`,
  `targetcli ${group}/portals create`,
])("an update that fails at %s is taken back", async (match) => {
  const { id, props } = await create();
  const before = sortedTree(await host.live());
  host.fault({ match, kind: "fails", text: "no" });
  await expect(host.provider.update(id, props, changed())).rejects.toThrow(
    /What was served before is served again/,
  );
  expect(sortedTree(await host.live())).toBe(before);
  expect(sortedTree(host.saved())).toBe(before);
});

/** The connection goes at a command, before it runs or after; the provider looks and goes on. */
test.each([
  ["cut-before", "targetcli /iscsi create"],
  ["cut-after", "targetcli /iscsi create"],
  ["cut-after", `targetcli ${group} set parameter`],
  ["cut-after", "targetcli /backstores/block create"],
  ["cut-after", `targetcli ${group}/luns create`],
  ["cut-before", "dd of="],
  ["cut-after", "dd of="],
  ["cut-after", `targetcli ${group}/portals create`],
  ["cut-before", "targetcli saveconfig"],
  ["cut-after", "targetcli saveconfig"],
  ["cut-after", "flock"],
] as const)("%s %s: create ends as meant", async (kind, match) => {
  host.fault({ kind, match });
  const { id, props } = await create();
  expect(await quiet(id, props)).toBe(true);
  expect(login()).toEqual([0, 1]);
});

/** The machine is gone after a command, and stays so for this run. */
const lose = (match: string) => {
  host.fault({ match, kind: "cut-after" });
  host.fault({ match: "flock", kind: "cut-before", after: 1, count: 100 });
};

test.each([
  "targetcli /iscsi create",
  `targetcli ${group} set parameter`,
  "targetcli /backstores/block create",
  `targetcli ${group}/acls create`,
  "targetcli saveconfig",
])("a creation that ends at %s is finished by the next one", async (match) => {
  lose(match);
  await expect(create()).rejects.toThrow();
  host.lab.faults.clear();
  const { id, props } = await create();
  expect(await quiet(id, props)).toBe(true);
  expect(login()).toEqual([0, 1]);
});

test.each([
  `targetcli ${group}/luns delete`,
  "targetcli /backstores/block delete",
  `targetcli ${group}/luns create`,
])("an update that ends at %s is finished by the next one", async (match) => {
  const { id, props } = await create();
  lose(match);
  await expect(host.provider.update(id, props, changed())).rejects.toThrow();
  host.lab.faults.clear();
  const { outs = {} } = await host.provider.update(id, props, changed());
  expect(await quiet(id, outs, changed())).toBe(true);
  expect((await host.live()).storage_objects.map(({ name }) => name)).toEqual([
    "tank-b",
    "tank-c",
  ]);
});

test.each([
  ["cut-after", "targetcli /iscsi delete"],
  ["cut-before", "targetcli /backstores/block delete"],
  ["cut-after", "targetcli saveconfig"],
] as const)("%s %s: deletion ends as meant", async (kind, match) => {
  const { id, props } = await create();
  host.fault({ kind, match });
  await host.provider.delete(id, props);
  expect(await host.live()).toMatchObject({ storage_objects: [], targets: [] });
  expect(host.saved()).toMatchObject({ storage_objects: [], targets: [] });
});

test("an adopted target keeps its disks' names and serials, and deletion lets it go", async () => {
  await host.run("targetcli /backstores/block create old /dev/zvol/tank/a");
  await host.run(`targetcli /iscsi create ${iqn}`);
  await host.run(`targetcli ${group}/luns create /backstores/block/old`);
  const serial = (await host.live()).storage_objects[0]?.wwn;
  const inputs = targetInputs({ adopt: true });
  const { id, props } = await create(inputs);
  expect(props.adopted).toBe(true);
  expect(await quiet(id, props, inputs)).toBe(true);
  const { storage_objects: objects } = await host.live();
  expect(objects.map(({ name, wwn }) => [name, wwn])).toContainEqual([
    "old",
    serial,
  ]);
  await host.provider.delete(id, props);
  const { targets } = await host.live();
  expect(targets[0]?.tpgs[0]?.parameters.TargetAlias).toBe("LIO");
  expect(login()).toEqual([0, 1]);
});

test("another's target is neither read as ours nor taken away", async () => {
  const { id, props } = await create();
  await host.run(
    `targetcli ${group} set parameter TargetAlias=site/IscsiTarget/else`,
  );
  expect(await host.provider.read(id, props)).toEqual({});
  host.told();
  await host.provider.delete(id, props);
  expect(host.told()).toMatch(/belongs to "site\/IscsiTarget\/else" now/);
  expect((await host.live()).targets).toHaveLength(1);
  await host.run(`targetcli ${group} set parameter TargetAlias=none`);
  await expect(host.provider.delete(id, props)).rejects.toThrow(
    /no longer carries this site's mark/,
  );
});
