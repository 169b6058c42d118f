import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeRecipe } from "../../site/image/write";
import { root } from "../support/lab-command";

let directory: string;
let out: string;

/** Stands for SSH to a router that answers from files, and is another one after the upgrade. */
const ssh = `#!/bin/sh
shift 3
echo "$*" >>"$RIG/commands"
case "$*" in
*"uci show"*) cat "$RIG/state" ;;
*snapshot-files*) [ ! -e "$RIG/waiting" ] ;;
"sysupgrade -l") cat "$RIG/kept" ;;
"cat >/tmp/upgrade.img.gz") cat >"$RIG/received"; [ ! -e "$RIG/torn" ] || echo >>"$RIG/received" ;;
"sha256sum /tmp/upgrade.img.gz") sha256sum <"$RIG/received" ;;
"cat /proc/sys/kernel/random/boot_id") cat "$RIG/boot" ;;
"sysupgrade /tmp/upgrade.img.gz") echo second >"$RIG/boot"; [ ! -e "$RIG/state.after" ] || cp "$RIG/state.after" "$RIG/state"; exit 255 ;;
*) ! grep -qF "$*" "$RIG/failing" ;;
esac
`;

const kept =
  "/etc/config/network /etc/config/rpcd /etc/uhttpd.key /etc/uhttpd.crt /etc/hybrid-site/confirmed/current /usr/share/rpcd/acl.d/hybrid-site.json";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "hybrid-site-upgrade-"));
  out = join(directory, "image");
  writeRecipe(join(root, "environments/dev.yaml"), out);
  writeFileSync(join(out, "openwrt-24.10.raw.gz"), "an image");
  const sums = spawnSync("sha256sum", ["openwrt-24.10.raw.gz"], {
    cwd: out,
    encoding: "utf8",
  }).stdout;
  writeFileSync(join(out, "image.sha256"), sums);
  mkdirSync(join(directory, "bin"));
  writeFileSync(join(directory, "bin/ssh"), ssh);
  chmodSync(join(directory, "bin/ssh"), 0o755);
  rig("state", "as it was");
  rig("kept", kept.replaceAll(" ", "\n"));
  rig("boot", "first");
  rig("failing", "nothing\n");
  rig("commands");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const rig = (name: string, text = "") =>
  writeFileSync(join(directory, name), text);

function upgrade() {
  const { status, stdout, stderr } = spawnSync(
    "sh",
    [join(out, "upgrade.sh")],
    {
      encoding: "utf8",
      env: {
        ...process.env,
        PATH: `${join(directory, "bin")}:${process.env.PATH}`,
        RIG: directory,
      },
    },
  );
  return { status, output: stdout + stderr };
}

const commands = () => readFileSync(join(directory, "commands"), "utf8");

test("an upgrade carries the image over, and looks whether all is there again", () => {
  const { status, output } = upgrade();
  expect([status, output]).toEqual([
    0,
    expect.stringContaining("Upgraded to OpenWrt 24.10.7"),
  ]);
  expect(readFileSync(join(directory, "received"), "utf8")).toBe("an image");
  const after = commands().split("sysupgrade /tmp/upgrade.img.gz")[1] ?? "";
  for (const seen of [
    "opkg status mwan3",
    "opkg status uhttpd-mod-ubus",
    "hybrid-site-guard enabled",
    "acl.d/hybrid-site.json",
    "ubus -t 60 wait_for mwan3",
    "uci show",
  ]) {
    expect(after).toContain(seen);
  }
});

test.each<[string, () => void, string]>([
  [
    "an image that build.sh did not make",
    () => writeFileSync(join(out, "openwrt-24.10.raw.gz"), "another"),
    "is not what build.sh made",
  ],
  [
    "a router on which a change waits",
    () => rig("waiting"),
    "a change waits for its confirmation there",
  ],
  [
    "a router that would lose the account's rights",
    () => rig("kept", kept.replace(/\S+$/, "")),
    "sysupgrade would not keep /usr/share/rpcd/acl.d/hybrid-site.json",
  ],
  [
    "an image that arrived damaged",
    () => rig("torn"),
    "the image arrived damaged",
  ],
  [
    "an image that sysupgrade does not take",
    () => rig("failing", "sysupgrade -T /tmp/upgrade.img.gz\n"),
    "sysupgrade does not take the image",
  ],
])("%s is refused before anything is done", (_what, act, why) => {
  act();
  const { status, output } = upgrade();
  expect([status, output]).toEqual([1, expect.stringContaining(why)]);
  expect(output).toContain('Unable to upgrade router "openwrt" at 10.10.10.1:');
  expect(commands()).not.toMatch(/^sysupgrade \/tmp/m);
});

test("what an upgrade has lost is told, all of it", () => {
  rig("state.after", "something else");
  rig(
    "failing",
    "opkg status mwan3 | grep -q '^Status: .* installed'\n/etc/init.d/hybrid-site-guard enabled\n",
  );
  const { status, output } = upgrade();
  expect(status).toBe(1);
  expect(output).toContain(`it runs again, but:
- its configuration or certificate is not what it was
- package mwan3 is missing
- the boot guard is not enabled
`);
});
