import fc from "fast-check";
import { loadSite, type Site } from "../../site";
import { hostFilesOf } from "../../site/host-files";
import { cronOf } from "../../site/host-files/scrubs";
import { schedule } from "../../site/schema/schedule";

const load = () => loadSite("environments/dev.yaml");
const storageOf = (site: Site) => site.storage as NonNullable<Site["storage"]>;
const textOf = (site: Site, host: string, path: string) =>
  hostFilesOf(site)
    .filter((plan) => plan.host === host)
    .flatMap(({ files }) => files)
    .find((file) => file.path === path)?.content;

const number = (from: number, to: number) =>
  fc
    .integer({ min: from, max: to })
    .map((value) => `${value}`.padStart(2, "0"));
const day = fc.constantFrom("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun");
const days = fc
  .array(fc.tuple(day, fc.constantFrom("..", ",")), { minLength: 1 })
  .map((all) => all.flat().slice(0, -1).join(""));
const hour = fc.oneof(
  fc.constant("*"),
  number(0, 23),
  fc.tuple(number(0, 23), number(0, 30)).map((ends) => ends.join("..")),
  fc
    .tuple(number(0, 23), fc.integer({ min: 0, max: 12 }))
    .map((all) => all.join("/")),
);
const minute = fc.oneof(
  number(0, 59),
  fc
    .tuple(number(0, 59), fc.integer({ min: 0, max: 70 }))
    .map((all) => all.join("/")),
);
const schedules = fc
  .tuple(fc.option(days), hour, minute)
  .map(([on, at, past]) => `${on ? `${on} ` : ""}${at}:${past}`);

const limits = [59, 23, 31, 12, 7];

/** cron passes over a whole file for one field that it does not understand. */
function isCron(line: string): boolean {
  const fields = line.split(" ");
  return (
    fields.length === 5 &&
    fields.every((field, index) =>
      field.split(",").every((part) => {
        const [, first, last = first, step = "1"] =
          /^(\d+|\*)(?:-(\d+))?(?:\/([1-9]\d*))?$/.exec(part) ?? [];
        if (first === undefined) return false;
        const most = limits[index] ?? 0;
        return (
          Number(step) <= most &&
          (first === "*" ||
            (Number(first) <= Number(last) && Number(last) <= most))
        );
      }),
    )
  );
}

test("whatever schedule a manifest may have, cron takes", () => {
  fc.assert(
    fc.property(schedules, (text) => {
      fc.pre(schedule.safeParse(text).success);
      expect([text, cronOf(text), isCron(cronOf(text))]).toEqual([
        text,
        cronOf(text),
        true,
      ]);
    }),
    {
      numRuns: 2_000,
      examples: [["Fri..Sun 00/6:05"], ["*:00/15"], ["Sun 02..06:30"]],
    },
  );
});

test.each([
  ["hourly", "0 * * * *"],
  ["weekly", "0 0 * * 1"],
  ["Sun 02:30", "30 2 * * 0"],
  ["Fri..Sun 18:00", "0 18 * * 5-7"],
  ["Sat,Sun *:05/15", "5-59/15 * * * 6,0"],
  ["08..18:00", "0 8-18 * * *"],
])("%s is %s to cron", (text, expected) => {
  expect(cronOf(text)).toBe(expected);
});

test("a host without pools of the manifest has the cache of its own limited too", () => {
  const site = load();
  storageOf(site).arcMax.ml110 = 4 * 2 ** 30;
  storageOf(site).mailTo = "ops@example.net";
  expect(
    textOf(site, "ml110", "/etc/modprobe.d/zz-hybrid-site-zfs.conf"),
  ).toContain(`options zfs zfs_arc_max=${4 * 2 ** 30}\n`);
  for (const path of [
    "/etc/cron.d/hybrid-site-scrubs",
    "/etc/zfs/zed.d/zed.rc",
  ])
    expect(textOf(site, "ml110", path)).toBeUndefined();
});

test("a storage server has its scrubs and the cache's limit in files", () => {
  const site = load();
  expect(
    textOf(site, "router-server", "/etc/cron.d/hybrid-site-scrubs"),
  ).toContain(
    "0 2 * * 6 root zpool scrub fast\n0 2 * * 0 root zpool scrub tank\n",
  );
  expect(
    textOf(site, "router-server", "/etc/modprobe.d/zz-hybrid-site-zfs.conf"),
  ).toContain(`options zfs zfs_arc_max=${16 * 2 ** 30}\n`);
  storageOf(site).mailTo = "ops@example.net";
  expect(textOf(site, "router-server", "/etc/zfs/zed.d/zed.rc")).toContain(
    'ZED_EMAIL_ADDR="ops@example.net"\n',
  );
});
