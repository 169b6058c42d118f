import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setRights } from "../../lab/host/coreutils/files";
import { type DatasetHost, datasetHost } from "../support/zfs-dataset";

jest.setTimeout(120_000);

type Values = Record<string, unknown>;
let host: DatasetHost;
beforeAll(async () => {
  host = await datasetHost();
});
afterEach(() => host.clean());
afterAll(() => host.stop());
const inputs = (changes?: Values) => host.inputs(changes);
const timerFile = "/etc/systemd/system/hybrid-site-snapshots-vm.timer";
const scriptFile = "/usr/local/sbin/hybrid-site-snapshots-vm";
const units = () =>
  host.world.load<Record<string, { active: boolean; enabled: boolean }>>(
    "units",
    {},
  )["hybrid-site-snapshots-vm.timer"];

describe("snapshots", () => {
  const scheduled = () =>
    inputs({ snapshots: { schedule: "hourly", keep: 24 } });
  const text = (path: string) => readFileSync(host.world.path(path), "utf8");

  test("are taken by a timer of the machine, which goes with the resource", async () => {
    const { id, props } = await host.create(scheduled());
    expect(text(timerFile)).toMatch(/^OnCalendar=hourly$/m);
    expect(text(scriptFile)).toMatch(new RegExp(`^guid=${id}$`, "m"));
    expect(units()).toMatchObject({ active: true, enabled: true });
    expect((await host.look(id, props, scheduled())).changes).toBe(false);
    const news = inputs({ snapshots: { schedule: "02:30", keep: 7 } });
    const { outs = {} } = await host.provider.update(id, props, news);
    expect(text(timerFile)).toMatch(/^OnCalendar=02:30$/m);
    expect((await host.look(id, outs, news)).changes).toBe(false);
    await host.provider.delete(id, outs);
    expect(() => text(timerFile)).toThrow();
    expect(() => text(scriptFile)).toThrow();
    expect(units()).toMatchObject({ active: false, enabled: false });
  });

  test.each<[string, () => unknown]>([
    [
      "the dataset unmarked",
      () => host.run("zfs inherit hybrid-site:owner tank/vm"),
    ],
    ["another schedule", () => bend(timerFile, "hourly", "daily")],
  ])(
    "the timer goes with the resource, also when refreshes have found %s",
    async (_what, drift) => {
      const { id, props } = await host.create(scheduled());
      await drift();
      let found = props;
      for (const _ of ["once", "and again"])
        found = (await host.provider.read(id, found)).props ?? {};
      await host.provider.delete(id, found);
      expect(() => text(timerFile)).toThrow();
    },
  );

  test.each<[string, () => void]>([
    ["the schedule", () => bend(timerFile, "hourly", "daily")],
    ["the number", () => bend(scriptFile, "keep=24", "keep=1")],
    ["the script", () => bend(scriptFile, "set -eu", "")],
    ["a file", () => rmSync(host.world.path(scriptFile))],
    [
      "the script's owner",
      () => setRights(host.world, scriptFile, { owner: "nobody" }),
    ],
    [
      "the timer that is off",
      () =>
        host.world.save("units", {
          "hybrid-site-snapshots-vm.timer": { active: false, enabled: true },
        }),
    ],
  ])("drift of %s is read and mended", async (_what, drift) => {
    const { id, props } = await host.create(scheduled());
    const before = [text(timerFile), text(scriptFile)];
    drift();
    const { found, changes } = await host.look(id, props, scheduled());
    expect(changes).toBe(true);
    await host.provider.update(id, found, scheduled());
    expect([text(timerFile), text(scriptFile)]).toEqual(before);
    expect(units()).toMatchObject({ active: true, enabled: true });
    await host.provider.delete(id, props);
  });

  test("a schedule that was written and not read by systemd, because the connection went, is read by the next run", async () => {
    const { id, props } = await host.create(scheduled());
    const news = inputs({ snapshots: { schedule: "02:30", keep: 24 } });
    host.fault({
      kind: "cut-before",
      match: "systemctl daemon-reload",
      count: 100,
    });
    await expect(host.provider.update(id, props, news)).rejects.toThrow();
    host.lab.faults.clear();
    expect(text(timerFile)).toMatch(/^OnCalendar=02:30$/m);
    expect((await host.look(id, props, news)).changes).toBe(true);
    host.commands();
    const { outs = {} } = await host.provider.update(id, props, news);
    expect(host.commands().join("\n")).toMatch(/daemon-reload/);
    expect((await host.look(id, outs, news)).changes).toBe(false);
    await host.provider.delete(id, outs);
  });

  test("of another site stay, and are told", async () => {
    const { id, props } = await host.create(inputs());
    const theirs = "#!/bin/sh\n# hybrid-site owner=other/ZfsDataset/vm\n";
    host.world.put(scriptFile, theirs);
    await expect(host.provider.update(id, props, scheduled())).rejects.toThrow(
      /hybrid-site-snapshots-vm on host "storage" takes the snapshots of "other\/ZfsDataset\/vm"\. Choose another name/,
    );
    await host.provider.delete(id, { ...props, ...scheduled() });
    expect(text(scriptFile)).toBe(theirs);
    rmSync(host.world.path(scriptFile));
  });

  test("are looked at all at once", async () => {
    const { id, props } = await host.create(scheduled());
    host.commands();
    await host.provider.read(id, props);
    const looks = host
      .commands()
      .filter((line) => /stat|systemctl|snapshots-vm/.test(line));
    expect(looks).toHaveLength(5);
    await host.provider.delete(id, props);
  });

  function bend(path: string, from: string, to: string): void {
    writeFileSync(host.world.path(path), text(path).replace(from, to));
  }
});
