import {
  parseBlkid,
  parseWipefs,
} from "../../providers/storage/disks/signatures";
import { parseImportable } from "../../providers/storage/zfs/importable";
import {
  parsePropertiesJson,
  parsePropertiesText,
} from "../../providers/storage/zfs/properties";
import { parseStatusJson } from "../../providers/storage/zfs/status-json";
import { parseStatusText } from "../../providers/storage/zfs/status-text";

const byId = "/dev/disk/by-id/wwn-0x5000c50000000";
const guid = (number: number) => `1126819246159732979${number}`;
const leaf = (number: number, state = "ONLINE", more = {}) => ({
  [`wwn-0x5000c50000000${number}`]: {
    name: `wwn-0x5000c50000000${number}`,
    vdev_type: "disk",
    guid: guid(number),
    path: `${byId}${number}-part1`,
    class: "normal",
    state,
    read_errors: "0",
    write_errors: "0",
    checksum_errors: "0",
    slow_ios: "0",
    ...more,
  },
});
const group = (name: string, type: string, id: string, vdevs: object) => ({
  [name]: {
    name,
    vdev_type: type,
    guid: id,
    class: "normal",
    state: "DEGRADED",
    vdevs,
  },
});

/** A mirror with a disk that is gone and a spare in its place, a raidz that gets a new disk. */
const json = JSON.stringify({
  output_version: { command: "zpool status", vers_major: 0, vers_minor: 1 },
  pools: {
    tank: {
      name: "tank",
      state: "DEGRADED",
      pool_guid: "11268192461597329790",
      txg: "412",
      spa_version: "5000",
      zpl_version: "5",
      status: "One or more devices is currently being resilvered.",
      scan_stats: {
        function: "RESILVER",
        state: "SCANNING",
        start_time: "1700000000",
        end_time: "0",
        to_examine: "1000",
        examined: "500",
        skipped: "0",
        processed: "0",
        errors: "0",
        issued: "413",
      },
      vdevs: {
        tank: {
          name: "tank",
          vdev_type: "root",
          guid: "11268192461597329790",
          class: "normal",
          state: "DEGRADED",
          vdevs: {
            ...group("mirror-0", "mirror", "10", {
              ...leaf(1),
              ...group("spare-1", "spare", "11", {
                "11268192461597329792": {
                  name: guid(2),
                  vdev_type: "disk",
                  guid: guid(2),
                  path: `${byId}2-part1`,
                  class: "normal",
                  state: "CANT_OPEN",
                  not_present: "1",
                  was: `${byId}2-part1`,
                },
                ...leaf(8),
              }),
            }),
            ...group("raidz1-1", "raidz", "12", {
              ...leaf(3),
              ...group("replacing-1", "replacing", "13", {
                ...leaf(4, "OFFLINE"),
                ...leaf(5),
              }),
            }),
          },
        },
      },
      special: group("mirror-2", "mirror", "14", { ...leaf(6), ...leaf(7) }),
      logs: leaf(9),
      l2cache: {
        "35000c50000000a0b": {
          name: "35000c50000000a0b",
          vdev_type: "disk",
          guid: "15",
          path: "/dev/mapper/35000c50000000a0b",
          class: "l2cache",
          state: "ONLINE",
        },
      },
      spares: leaf(8, "INUSE"),
      error_count: "0",
    },
  },
});

const config = (
  name: (text: string, id: string) => string,
  gone: string,
) => `  pool: tank
 state: DEGRADED
status: One or more devices is currently being resilvered.  The pool will
	continue to function, possibly in a degraded state.
action: Wait for the resilver to complete.
  scan: resilver in progress since Sat Nov 14 10:00:00 2026
	500B / 1000B scanned at 100B/s, 413B / 1000B issued at 80B/s
	0B resilvered, 41.30% done, 00:00:07 to go
config:

	NAME                                             STATE     READ WRITE CKSUM
	${name("tank", "11268192461597329790")}          DEGRADED     0     0     0
	  ${name("mirror-0", "10")}                      DEGRADED     0     0     0
	    ${name(`${byId}1-part1`, guid(1))}  ONLINE       0     0     0
	    ${name("spare-1", "11")}                     DEGRADED     0     0     0
	      ${guid(2)}                         UNAVAIL      0     0     0  was ${gone}
	      ${name(`${byId}8-part1`, guid(8))}  ONLINE       0     0     0
	  ${name("raidz1-1", "12")}                      DEGRADED     0     0     0
	    ${name(`${byId}3-part1`, guid(3))}  ONLINE       0     0     0
	    ${name("replacing-1", "13")}                 DEGRADED     0     0     0
	      ${name(`${byId}4-part1`, guid(4))}  OFFLINE       0     0     0
	      ${name(`${byId}5-part1`, guid(5))}  ONLINE       0     0     0  (resilvering)
	special	
	  ${name("mirror-2", "14")}                      ONLINE       0     0     0
	    ${name(`${byId}6-part1`, guid(6))}  ONLINE       0     0     0
	    ${name(`${byId}7-part1`, guid(7))}  ONLINE       0     0     0
	logs	
	  ${name(`${byId}9-part1`, guid(9))}  ONLINE       0     0     0
	cache
	  ${name("/dev/mapper/35000c50000000a0b", "15")}  ONLINE       0     0     0
	spares
	  ${name(`${byId}8-part1`, guid(8))}  INUSE     currently in use

errors: No known data errors

  pool: other
 state: ONLINE
  scan: scrub repaired 0B in 00:00:01 with 2 errors on Sat Nov 14 10:00:00 2026
config:

	NAME                         STATE     READ WRITE CKSUM
	${name("other", "20")}       ONLINE       0     0     0
	  ${name(`${byId}a-part1`, "21")}  ONLINE       0     0     0

errors: No known data errors
`;

const ids = new Map([
  ["tank", "11268192461597329790"],
  ["other", "20"],
]);
const text = () =>
  parseStatusText(
    config((name) => name, `${byId}2-part1`),
    config((_, id) => id, `${byId}2-part1`),
    ids,
  );

/** Words that the two outputs have for one thing. */
const alike = (value: unknown) =>
  JSON.parse(
    JSON.stringify(value, (key, item) =>
      key === "state" || key === "status" || key === "done" ? undefined : item,
    ),
  );

test("a pool reads the same without JSON as with it", () => {
  const [fromText] = text();
  const [fromJson] = parseStatusJson(json);
  expect(alike(fromText)).toEqual(alike(fromJson));
  expect(fromJson?.top.data[1]).toMatchObject({ type: "raidz1", guid: "12" });
  expect(fromJson?.scan).toEqual({ running: "resilver", done: 41 });
  expect(fromText?.scan).toEqual({ running: "resilver", done: 41 });
  expect(fromText?.status).toBe(
    "One or more devices is currently being resilvered. The pool will continue to function, possibly in a degraded state.",
  );
});

test("several pools in one text are several pools", () => {
  expect(
    text().map(({ name, guid: id, health }) => [name, id, health]),
  ).toEqual([
    ["tank", "11268192461597329790", "DEGRADED"],
    ["other", "20", "ONLINE"],
  ]);
  expect(text()[1]).toMatchObject({
    top: { data: [{ type: "disk", guid: "21", path: `${byId}a-part1` }] },
    scan: { last: "scrub finished with 2 errors" },
  });
});

test("no pool is no pool in either form", () => {
  expect(parseStatusText("", "", new Map())).toEqual([]);
  expect(parseStatusJson("")).toEqual([]);
  expect(parseStatusJson('{"output_version":{},"pools":{}}')).toEqual([]);
});

test("a GUID keeps all its digits", () => {
  expect(parseStatusJson(json)[0]?.guid).toBe("11268192461597329790");
  const renamed = json.replace('"pool_guid"', '"guid"');
  expect(parseStatusJson(renamed)[0]?.guid).toBe("11268192461597329790");
});

test("pools that are not imported are listed with their disks, destroyed ones as such", () => {
  const listed = `   pool: tank
     id: 11268192461597329790
  state: ONLINE
 action: The pool can be imported using its name or numeric identifier.
 config:

	tank                        ONLINE
	  mirror-0                  ONLINE
	    wwn-0x5000c500000000a1  ONLINE
	    sdb                     ONLINE

   pool: old
     id: 77
  state: DEGRADED (DESTROYED)
status: One or more devices are offlined.
 action: The pool can be imported using its name or numeric identifier.
	The pool was destroyed, but can be imported using the '-Df' flags.
 config:

	old         DEGRADED
	  sdc       ONLINE
	logs
	  mirror-1  ONLINE
	    sdd     ONLINE
`;
  expect(parseImportable(listed)).toMatchObject([
    {
      name: "tank",
      guid: "11268192461597329790",
      isDestroyed: false,
      devices: ["tank", "mirror-0", "wwn-0x5000c500000000a1", "sdb"],
    },
    { name: "old", guid: "77", state: "DEGRADED", isDestroyed: true },
  ]);
  expect(parseImportable(listed)[1]?.devices).toContain("sdd");
  expect(parseImportable("")).toEqual([]);
});

test("properties read the same without JSON as with it", () => {
  const source = (type: string, data = "-") => ({ source: { type, data } });
  const found = parsePropertiesJson(
    JSON.stringify({
      datasets: {
        tank: {
          name: "tank",
          type: "FILESYSTEM",
          pool: "tank",
          properties: {
            compression: { value: "lz4", ...source("LOCAL") },
            atime: { value: "on", ...source("DEFAULT") },
            "hybrid-site:owner": {
              value: "s/ZfsPool/t",
              ...source("INHERITED", "tank"),
            },
            "hybrid-site:other": { value: "-", ...source("NONE") },
            comment: { value: "a\tb", ...source("LOCAL") },
          },
        },
      },
    }),
  );
  const lines = [
    ["tank", "compression", "lz4", "local"],
    ["tank", "atime", "on", "default"],
    ["tank", "hybrid-site:owner", "s/ZfsPool/t", "inherited from tank"],
    ["tank", "hybrid-site:other", "-", "-"],
    ["tank", "comment", "a\tb", "local"],
  ];
  const read = parsePropertiesText(
    lines.map((line) => `${line.join("\t")}\n`).join(""),
  );
  expect(read).toEqual(found);
  expect(read.get("tank")?.get("hybrid-site:owner")?.source).toBe("inherited");
  expect(read.get("tank")?.has("hybrid-site:other")).toBe(false);
});

test("signatures are read as util-linux writes them", () => {
  const wipefs = `{
   "signatures": [
      {
         "device": "sda",
         "offset": "0x438",
         "type": "ext4",
         "uuid": "ad55fa1b-19a8-44ca-a6a2-219a62f0a126",
         "label": null
      }
   ]
}
`;
  expect(parseWipefs(wipefs)).toEqual([
    {
      device: "sda",
      type: "ext4",
      uuid: "ad55fa1b-19a8-44ca-a6a2-219a62f0a126",
      label: undefined,
    },
  ]);
  expect(parseWipefs('{\n   "signatures": [\n\n   ]\n}\n')).toEqual([]);
  const blkid = `DEVNAME=/dev/sda1
LABEL=my\\ data
UUID=ad55fa1b-19a8-44ca-a6a2-219a62f0a126
TYPE=ext4
USAGE=filesystem
`;
  expect(parseBlkid(blkid)).toEqual([
    {
      device: "sda1",
      type: "ext4",
      label: "my data",
      uuid: "ad55fa1b-19a8-44ca-a6a2-219a62f0a126",
    },
  ]);
  const table = "DEVNAME=/dev/mapper/35000c500000000a1\nPTUUID=1\nPTTYPE=gpt\n";
  expect(parseBlkid(table)).toMatchObject([
    { device: "35000c500000000a1", type: "gpt" },
  ]);
  expect(parseBlkid("")).toEqual([]);
});
