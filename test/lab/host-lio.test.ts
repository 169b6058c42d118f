import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { discovered, logIn, logOut } from "../../lab/host/lio";
import { TargetMachine } from "../support/target-machine";

let machine: TargetMachine;
beforeEach(async () => {
  machine = await TargetMachine.start();
});
afterEach(() => machine.close());

const target = "iqn.2026-01.net.example:disks";
const initiator = "iqn.1993-08.org.debian:01:r630";
const saved = "/etc/rtslib-fb-target/saveconfig.json";
const group = `/iscsi/${target}/tpg1`;
const acl = `${group}/acls/${initiator}`;
const auth = `/sys/kernel/config/target/iscsi/${target}/tpgt_1/acls/${initiator}/auth`;
const cli = (line: string) => machine.run(`targetcli ${line}`);
const must = (line: string) => machine.must(`targetcli ${line}`);
const login = (changes: object = {}) =>
  logIn(machine.world, {
    target,
    initiator,
    portal: "10.0.20.10:3260",
    from: "10.0.20.12",
    ...changes,
  });

async function build() {
  await must("set global auto_add_default_portal=false");
  await must(
    "/backstores/block create name=a dev=/dev/zvol/tank/a wwn=11111111-2222-3333-4444-555555555555",
  );
  await must(`/iscsi create ${target}`);
  await must(
    `${group}/luns create /backstores/block/a lun=0 add_mapped_luns=false`,
  );
  await must(`${group}/acls create ${initiator} add_mapped_luns=false`);
  await must(`${acl} create mapped_lun=0 tpg_lun_or_backstore=0`);
  await must(`${group}/portals create 10.0.20.10 3260`);
}

test("a new target listens everywhere by itself, a second one cannot, and nothing is asked for where it is switched off", async () => {
  expect(await must(`/iscsi create ${target}`)).toBe(
    `Created target ${target}.
Created TPG 1.
Global pref auto_add_default_portal=true
Created default portal listening on all IPs (0.0.0.0), port 3260.
`,
  );
  expect(discovered(machine.world, "203.0.113.7")).toEqual([target]);
  expect(await must("/iscsi create iqn.2026-01.net.example:second")).toMatch(
    /Default portal not created, TPGs within a target cannot share ip:port/,
  );
  expect(await must("set global auto_add_default_portal=false")).toBe(
    "Parameter auto_add_default_portal is now 'false'.\n",
  );
  await must(`/iscsi delete ${target}`);
  await must(`/iscsi create ${target}`);
  expect(discovered(machine.world, "203.0.113.7")).toEqual([]);
});

test("no creation is one twice", async () => {
  await build();
  for (const [line, said] of [
    [`/iscsi create ${target}`, "This Target already exists in configFS"],
    [
      "/backstores/block create a /dev/zvol/tank/b",
      "This _Backstore already exists in configFS",
    ],
    [
      "/backstores/block create c /dev/zvol/tank/a",
      "Cannot configure StorageObject because device /dev/zvol/tank/a is already in use",
    ],
    [
      `${group}/luns create /backstores/block/a`,
      "lun for storage object block/a already exists",
    ],
    [
      `${group}/acls create ${initiator}`,
      "This NodeACL already exists in configFS",
    ],
    [`${acl} create 0 0`, "This MappedLUN already exists in configFS"],
    [
      `${group}/portals create 10.0.20.10`,
      "This NetworkPortal already exists in configFS",
    ],
  ] as const)
    expect(await cli(line)).toMatchObject({ code: 1, err: `${said}\n` });
});

test.each<[string, string]>([
  ["/nowhere create x", "No such path /nowhere"],
  [
    "/iscsi/iqn.2026-01.net.example:none/tpg1 enable",
    "No such path /iscsi/iqn.2026-01.net.example:none",
  ],
  ["/iscsi make x", "Command not found make"],
  ["/iscsi create iqn.broken", "WWN not valid as: iqn, naa, eui"],
  [
    "/iscsi create iqn.2026-01.net.example:a_b",
    "WWN not valid as: iqn, naa, eui",
  ],
  ["/iscsi delete", "Missing required parameter wwn"],
  ["/backstores/block create", "Missing required parameters 'dev', 'name'"],
  [
    "/backstores/block create a /dev/zvol/tank/a size=1",
    "Unexpected keyword parameter 'size'.",
  ],
  [
    "/backstores/block create a /dev/zvol/tank/none",
    "Device /dev/zvol/tank/none is not a TYPE_DISK block device",
  ],
  ["/backstores/block delete none", "No storage object named none."],
  ["/iscsi delete a b", "Got 2 positionnal parameters, expected exactly 1."],
  ["set global colour=red", "Unknown parameter colour in group 'global'."],
  [
    "set global auto_enable_tpgt=maybe",
    "Not setting auto_enable_tpgt! Syntax error, 'maybe' is not true|false.",
  ],
  ["set nothing a=b", "Unknown configuration group: nothing"],
  ["clearconfig", "As a precaution, confirm=True needs to be set"],
])("targetcli %s is refused as the real one does", async (line, said) => {
  expect(await cli(line)).toMatchObject({ code: 1, err: `${said}\n` });
});

test.each<[string, string]>([
  ["luns create /backstores/block/none", "No such path /backstores/block/none"],
  ["luns create tank/a", "storage object or path not valid"],
  ["luns create /backstores/block/b lun=70000", "LUN must be 0 to 65535"],
  ["luns delete 7", "Invalid LUN"],
  ["portals create fe80::1", "Could not create NetworkPortal in configFS"],
  ["portals delete 10.0.20.10 x", "Invalid port"],
  [`acls/${initiator} create 1 5`, "LUN 5 does not exist in this TPG"],
  [`acls/${initiator} create 300 0`, "Mapped LUN must be 0 to 255"],
  [`acls/${initiator} create a 0`, "mapped_lun must be an integer"],
  [
    " set attribute authentication=2",
    "Cannot set attribute authentication: [Errno 22] Invalid argument",
  ],
  [
    `acls/${initiator} set attribute authentication=2`,
    "Cannot set attribute authentication: [Errno 22] Invalid argument",
  ],
  [
    " set parameter TargetAlias=a,b",
    "Cannot set parameter TargetAlias: [Errno 22] Invalid argument",
  ],
  [" set attribute none=1", "Unknown parameter none in group 'attribute'."],
])("below a target: %s is refused as the real one does", async (line, said) => {
  await build();
  await must("/backstores/block create b /dev/zvol/tank/b");
  expect(
    await cli(`${group}${line.startsWith(" ") ? "" : "/"}${line}`),
  ).toMatchObject({ code: 1, err: `${said}\n` });
});

test("only root may, and a shell to type into is none here", async () => {
  expect(
    (await machine.run("targetcli /iscsi create", { user: "ops" })).code,
  ).toBe(1);
  expect((await machine.run("targetctl clear", { user: "ops" })).code).toBe(
    255,
  );
  expect((await machine.run("targetctl destroy")).code).toBe(255);
  expect((await machine.run("targetcli")).code).toBe(70);
});

test("what is saved is JSON for root alone, the one before is kept, and secrets in it are in clear", async () => {
  await build();
  await machine.must(`dd of=${auth}/userid status=none`, "r630");
  await machine.must(`dd of=${auth}/password status=none`, "correct horse");
  expect(await must("saveconfig")).toBe(`Configuration saved to ${saved}\n`);
  expect(statSync(machine.world.path(saved)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(machine.text(saved))).toMatchObject({
    fabric_modules: [],
    storage_objects: [
      {
        name: "a",
        plugin: "block",
        dev: "/dev/zvol/tank/a",
        wwn: "11111111-2222-3333-4444-555555555555",
        readonly: false,
      },
    ],
    targets: [
      {
        fabric: "iscsi",
        wwn: target,
        tpgs: [
          {
            tag: 1,
            enable: true,
            attributes: { authentication: 0, generate_node_acls: 0 },
            parameters: { TargetAlias: "LIO Target" },
            luns: [{ index: 0, storage_object: "/backstores/block/a" }],
            portals: [{ ip_address: "10.0.20.10", port: 3260 }],
            node_acls: [
              {
                node_wwn: initiator,
                chap_userid: "r630",
                chap_password: "correct horse",
                mapped_luns: [{ index: 0, tpg_lun: 0, write_protect: false }],
              },
            ],
          },
        ],
      },
    ],
  });
  await must("saveconfig");
  const backups = machine.world.path("/etc/rtslib-fb-target/backup");
  expect(existsSync(backups)).toBe(true);
  await machine.must("targetctl save /run/now.json");
  expect(machine.text("/run/now.json")).toBe(machine.text(saved));
  expect((await machine.run("targetctl save /none/now.json")).code).toBe(1);
});

test("the tool writes each of its lines to a file, secrets among them", async () => {
  await build();
  await must(`${acl} set auth userid=r630 password=in-the-log`);
  expect(machine.text("/root/.targetcli/log.txt")).toMatch(
    /password=in-the-log/,
  );
  expect(machine.text(`${auth}/password`)).toBe("in-the-log");
});

test("an initiator gets in where it is listed, with its secret, at a portal", async () => {
  await build();
  expect(login()).toEqual([0]);
  expect(login({ initiator: "iqn.1993-08.org.debian:01:else" })).toBe(
    "authorization failure",
  );
  expect(login({ portal: "203.0.113.7" })).toBe("connection refused");
  logOut(machine.world, target, initiator);
  await must(`${group} set attribute authentication=1`);
  expect(login()).toBe("authorization failure");
  await machine.must(`dd of=${auth}/userid status=none`, "r630");
  await machine.must(`dd of=${auth}/password status=none`, "correct horse");
  expect(login({ username: "r630", password: "wrong" })).toBe(
    "authorization failure",
  );
  expect(login({ username: "r630", password: "correct horse" })).toEqual([0]);
  expect(machine.text(`${auth}/../info`)).toMatch(
    /^InitiatorName: .*r630\n[\s\S]*TARG_SESS_STATE_LOGGED_IN\n[\s\S]*Address 10.0.20.12 TCP/,
  );
  logOut(machine.world, target, initiator);
  await must(`${acl} set attribute authentication=0`);
  expect(login()).toEqual([0]);
  logOut(machine.world, target, initiator);
  await must("saveconfig");
  await machine.must("systemctl restart rtslib-fb-targetctl.service");
  expect(login()).toEqual([0]);
  logOut(machine.world, target, initiator);
  await must(`${acl} set attribute authentication=-1`);
  expect(login()).toBe("authorization failure");
  await must(`${group} disable`);
  expect(machine.text(`${auth}/../info`)).toBe(
    `No active iSCSI Session for Initiator Endpoint: ${initiator}\n`,
  );
  expect(login({ username: "r630", password: "correct horse" })).toBe(
    "connection refused",
  );
});

test("nothing keeps the tool from taking a disk away under a session", async () => {
  await build();
  expect(login()).toEqual([0]);
  await must("/backstores/block delete a");
  expect(login()).toEqual([]);
  await must(`${group}/acls delete ${initiator}`);
  expect(existsSync(machine.world.path(auth))).toBe(false);
  expect(login()).toBe("authorization failure");
});

test("a volume that is served is busy to ZFS", async () => {
  await build();
  expect(await machine.run("zfs destroy tank/a")).toMatchObject({
    code: 1,
    err: "cannot destroy 'tank/a': dataset is busy\n",
  });
  expect((await machine.run("zpool export tank")).code).toBe(1);
  await must(`/iscsi delete ${target}`);
  await must("/backstores/block delete a");
  await machine.must("zfs destroy tank/a");
});

test("at boot the targets come back as saved, without volumes where nothing orders them after these", async () => {
  await build();
  await must("saveconfig");
  const folder = machine.world.path(
    "/etc/systemd/system/rtslib-fb-targetctl.service.d",
  );
  machine.reboot();
  expect(login()).toEqual([]);
  await machine.must("systemctl restart rtslib-fb-targetctl.service");
  expect(login()).toEqual([0]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/a.conf`, "[Unit]\nAfter=zfs-volumes.target\n");
  machine.reboot();
  expect(login()).toEqual([0]);
  await machine.must("systemctl disable rtslib-fb-targetctl.service");
  machine.reboot();
  expect(login()).toBe("connection refused");
  await machine.must("systemctl enable --now rtslib-fb-targetctl.service");
  expect(login()).toEqual([0]);
  await machine.must("systemctl stop rtslib-fb-targetctl.service");
  expect(login()).toBe("connection refused");
});

test("restore leaves out what cannot be and is satisfied, and refuses what stands in its way", async () => {
  await build();
  await must("saveconfig");
  expect(await machine.run("targetctl restore")).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /Traceback[\s\S]*storageobject 'block:a' exist not restoring/,
    ),
  });
  await machine.must("targetctl clear");
  await machine.must("zfs rename tank/a tank/moved");
  expect(await machine.run("targetctl restore")).toEqual({
    code: 0,
    out: "",
    err: `Could not create StorageObject a: Device /dev/zvol/tank/a is not a TYPE_DISK block device, skipped
Could not find matching StorageObject for LUN 0, skipped
Could not find matching TPG LUN 0 for MappedLUN 0, skipped
`,
  });
  machine.world.put(saved, "{");
  expect((await machine.run("targetctl restore")).code).toBe(1);
  expect((await machine.run("targetctl restore /none.json")).out).toMatch(
    /No saved config file/,
  );
});

test.each([
  [
    "/sys/kernel/config/target/none/x",
    "failed to open '/sys/kernel/config/target/none/x': No such file or directory",
  ],
  [
    "/sys/kernel/other",
    "failed to open '/sys/kernel/other': Permission denied",
  ],
])("nobody makes a file of the kernel's: %s", async (path, said) => {
  mkdirSync(machine.world.path("/sys/kernel"), { recursive: true });
  expect(await machine.run(`dd of=${path} status=none`)).toMatchObject({
    code: 1,
    err: `dd: ${said}\n`,
  });
});
