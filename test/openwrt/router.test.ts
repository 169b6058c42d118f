import {
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

const create = async (inputs: Values = site()) => {
  const { id, outs = {} } = await lab.router.create(inputs);
  return { id, props: outs };
};
const isQuiet = async (id: string, props: Values, inputs: Values = site()) => {
  const found = await lab.router.read(id, props);
  return !(await lab.router.diff(id, found.props ?? {}, inputs)).changes;
};

test("a router is made in one apply, proved, confirmed, and quiet", async () => {
  const { failures } = await lab.router.check({}, site());
  expect(failures).toEqual([]);
  const { id, props } = await create();
  const calls = lab.calls();
  expect(calls.filter((name) => name === "uci apply")).toHaveLength(1);
  expect(calls.filter((name) => name === "uci confirm")).toHaveLength(1);
  expect(lab.control({ do: "warnings" })).toEqual([]);
  expect(lab.file("network")).toContain("config interface 'wan1'");
  expect(await isQuiet(id, props)).toBe(true);
  expect(
    lab.calls().filter((name) => /uci (add|set|delete|apply)/.test(name)),
  ).toEqual([]);
}, 60_000);
