import {
  iqn,
  one,
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

const group = `/iscsi/${iqn}/tpg1`;

const drifts: [string, () => unknown][] = [
  [
    "a portal on every address",
    () => host.run(`targetcli ${group}/portals create 0.0.0.0`),
  ],
  [
    "a portal that is gone",
    () => host.run(`targetcli ${group}/portals delete 10.0.20.10 3260`),
  ],
  ["a LUN that is gone", () => host.run(`targetcli ${group}/luns delete 1`)],
  [
    "a LUN more",
    async () => {
      await host.run("targetcli /backstores/block create x /dev/zvol/tank/c");
      await host.run(`targetcli ${group}/luns create /backstores/block/x`);
    },
  ],
  [
    "a disk with another serial",
    async () => {
      await host.run("targetcli /backstores/block delete tank-b");
      await host.run(
        "targetcli /backstores/block create tank-b /dev/zvol/tank/b",
      );
      await host.run(
        `targetcli ${group}/luns create /backstores/block/tank-b lun=1`,
      );
    },
  ],
  [
    "an initiator more",
    () => host.run(`targetcli ${group}/acls create ${one}:x`),
  ],
  [
    "an initiator that is gone",
    () => host.run(`targetcli ${group}/acls delete ${two}`),
  ],
  [
    "a disk that may be written",
    async () => {
      await host.run(`targetcli ${group}/acls/${two} delete 1`);
      await host.run(`targetcli ${group}/acls/${two} create 1 1`);
    },
  ],
  [
    "another password",
    () =>
      host.run(
        `targetcli ${group}/acls/${two} set auth password=somebody-elses`,
      ),
  ],
  [
    "authentication that is off",
    () => host.run(`targetcli ${group} set attribute authentication=0`),
  ],
  [
    "authentication that is off for one",
    () =>
      host.run(`targetcli ${group}/acls/${two} set attribute authentication=0`),
  ],
  [
    "everybody let in",
    () => host.run(`targetcli ${group} set attribute generate_node_acls=1`),
  ],
  ["a disabled target", () => host.run(`targetcli ${group} disable`)],
  [
    "the mark",
    () => host.run(`targetcli ${group} set parameter TargetAlias=x`),
  ],
  [
    "the unit that restores",
    () => host.run("systemctl disable rtslib-fb-targetctl.service"),
  ],
  ["what is saved", () => host.run(`rm --force -- ${saved}`)],
];

test.each(drifts)(
  "drift of %s is read, and mended by the next update",
  async (_what, bend) => {
    const { id, props } = await host.create(targetInputs());
    const before = sortedTree(await host.live());
    await bend();
    const { found, changes } = await host.look(id, props, targetInputs());
    expect(changes).toBe(true);
    for (const secret of ["somebody-elses"])
      expect(JSON.stringify(found) + host.told()).not.toContain(secret);
    const { outs = {} } = await host.provider.update(id, found, targetInputs());
    expect(sortedTree(await host.live())).toBe(before);
    expect(sortedTree(host.saved())).toBe(before);
    expect((await host.look(id, outs, targetInputs())).changes).toBe(false);
    await host.run("systemctl is-enabled rtslib-fb-targetctl.service");
  },
);

test.each(drifts)(
  "what has drifted by %s and was read is taken away whole, or not in silence",
  async (what, bend) => {
    const { id, props } = await host.create(targetInputs());
    await bend();
    const first = await host.look(id, props, targetInputs());
    const { found } = await host.look(id, first.found, targetInputs());
    const gone = host.provider.delete(id, found);
    if (what === "the mark") {
      await expect(gone).rejects.toThrow(/no longer carries this site's mark/);
      return;
    }
    await gone;
    const left = await host.live();
    expect(left.targets).toEqual([]);
    expect(left.storage_objects.map(({ name }) => name)).toEqual([]);
    expect(host.saved()).toMatchObject({ storage_objects: [], targets: [] });
  },
);

test("a state without a word of whose the target is deletes nothing, and says so", async () => {
  const { id, props } = await host.create(targetInputs());
  const { mark: _mark, ...older } = props;
  const emptied = { ...older, owner: "" };
  await expect(host.provider.delete(id, emptied)).rejects.toThrow(
    /the state does not say whether that is this resource/,
  );
  const { found } = await host.look(id, emptied, targetInputs());
  expect(found.mark).toBe("site/IscsiTarget/disks");
  expect((await host.live()).targets).toHaveLength(1);
  await host.provider.delete(id, older);
  expect((await host.live()).targets).toEqual([]);
});

test("an owner that changes while the target has drifted is no other's", async () => {
  const { id, props } = await host.create(targetInputs());
  await host.run(`targetcli ${group} disable`);
  const { found } = await host.look(id, props, targetInputs());
  const news = targetInputs({ owner: "site/IscsiTarget/other" });
  const { outs = {} } = await host.provider.update(id, found, news);
  expect((await host.look(id, outs, news)).changes).toBe(false);
});
