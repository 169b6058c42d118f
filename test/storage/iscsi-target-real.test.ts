import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseLine } from "../../lab/host/lio/line";
import { parse } from "../../providers/storage/iscsi-target/model";
import {
  creation,
  stepsAway,
  stepsTo,
} from "../../providers/storage/iscsi-target/plan";
import { wantedOf } from "../../providers/storage/iscsi-target/wanted";
import { targetInputs, two } from "../support/iscsi";
import { testWith } from "../support/tool";

jest.setTimeout(60_000);

interface Reading {
  path: string;
  command: string;
  positional: string[];
  keyed: Record<string, string>;
  /** Each as it was given, and as the library writes it. */
  names: [string, string][];
  error?: string;
}

/** Debian's own, whose modules are packages of Debian. */
const python = "/usr/bin/python3";

/** The kernel's part, which needs a kernel with targets, is not looked at. */
function readings(lines: readonly string[]): Reading[] {
  const script = join(__dirname, "../support/targetcli-reading.py");
  const input = JSON.stringify(lines);
  return JSON.parse(
    execFileSync(python, [script], { input, encoding: "utf8" }),
  ) as Reading[];
}

/** All that a target's life has: made, drifted, changed, let go and taken away. */
function lines(): string[] {
  const inputs = parse(
    targetInputs({
      owner: "7b1f6a52-52f0-4c0e-9f0a-3d2f0a9c6e11/IscsiTarget/disks_2.a",
      portals: [
        { address: "10.0.20.10", port: 3261 },
        { address: "fd00:20::10" },
      ],
      luns: [
        { lun: 0, volume: "tank/a.b:c_d-e" },
        { lun: 255, volume: "tank/deep/er/b" },
      ],
      initiators: [
        { iqn: "iqn.1993-08.org.debian:01:one" },
        { iqn: two, luns: [255], access: "ro" },
      ],
    }),
  );
  const wanted = wantedOf(inputs, true);
  const bare = {
    ...wanted,
    portals: [],
    luns: [],
    acls: [],
    objects: [],
    alias: "",
  };
  const drifted = {
    ...wanted,
    enable: false,
    generatesAcls: true,
    authentication: false,
    acls: wanted.acls.map((acl) => ({ ...acl, authentication: false })),
  };
  const acls = wanted.acls.map((acl) => ({ ...acl, mapped: [] }));
  const unmapped = { ...wanted, acls };
  const steps = [
    ...creation(inputs.iqn),
    ...stepsTo(wanted, bare, []),
    ...stepsTo(wanted, drifted, wanted.objects),
    ...stepsTo(bare, wanted, wanted.objects),
    ...stepsTo(unmapped, wanted, wanted.objects),
    ...stepsTo(drifted, wanted, wanted.objects),
    ...stepsAway(wanted, [], () => false),
  ];
  const run = steps.flatMap((step) =>
    "run" in step ? [step.run.join(" ")] : [],
  );
  return [...new Set(run), "saveconfig"];
}

testWith(
  python,
  "-c",
  "import targetcli",
)(
  "targetcli reads each line as it is meant, as the lab does, and its command takes it",
  () => {
    const sent = lines();
    const read = readings(sent);
    expect(sent.length).toBeGreaterThan(25);
    for (const [at, { names, error, ...line }] of read.entries()) {
      const sentence = sent[at] ?? "";
      expect([sentence, error]).toEqual([sentence, undefined]);
      expect(line).toEqual(parseLine(sentence));
      const pairs = Object.entries(line.keyed).map(
        ([key, value]) => `${key}=${value}`,
      );
      const words = [line.path, line.command, ...line.positional, ...pairs];
      // Nothing of it is cut off: what the grammar does not know ends a line.
      expect(words.filter(Boolean).join(" ")).toBe(sentence);
      for (const [given, written] of names) expect(given).toBe(written);
    }
  },
);

testWith(
  python,
  "-c",
  "import targetcli",
)(
  "targetcli complains of what is no command, lacks a parameter or is no name",
  () => {
    const errors = readings([
      "/iscsi make iqn.2026-01.net.example:disks",
      "/backstores/block create name=a",
      "/iscsi create iqn.broken",
    ]).map(({ error }) => error);
    expect(errors).toEqual([
      "no such command",
      "Missing required parameter dev",
      "WWN not valid as: iqn, naa, eui",
    ]);
    const [cut] = readings([
      "/iscsi/iqn.2026-01.a.b:c/tpg1 set parameter TargetAlias='a b'",
    ]);
    expect(cut?.keyed).toEqual({ TargetAlias: "" });
  },
);
