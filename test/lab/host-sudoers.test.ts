import { parseSudoers } from "../../lab/host/sudoers";

const mayRun = parseSudoers(`# Comment.
Defaults:ops !requiretty
Cmnd_Alias LOOKS = /usr/bin/cat, \\
    /usr/bin/find /sys/ *, /usr/bin/w ""
Cmnd_Alias LOCK = /usr/bin/flock --wait 60 /run/lock/a.lck cat

Cmnd_Alias LIGHT = /usr/bin/tee ^/sys/[0-9:]+/[^/]+/locate$

ops ALL=(root) NOPASSWD: LOOKS, LOCK, LIGHT, /usr/sbin/own -x
boss ALL=(root) NOPASSWD: ALL
`);

test.each<[string, string, string[], boolean]>([
  ["any arguments where none are named", "cat", ["--", "/etc/shadow"], true],
  ["a pattern over several words", "find", ["/sys/", "a/b", "-o"], true],
  ["what the pattern does not begin with", "find", ["/etc/", "x"], false],
  ["arguments as they are named", "own", ["-x"], true],
  ["other arguments", "own", ["-x", "-y"], false],
  ["fewer arguments", "own", [], false],
  ["none where none may be", "w", [], true],
  ["some where none may be", "w", ["-h"], false],
  ["a lock", "flock", ["--wait", "60", "/run/lock/a.lck", "cat"], true],
  ["another lock", "flock", ["--wait", "60", "/run/lock/aXlck", "cat"], false],
  ["a regular expression", "tee", ["/sys/0:1/Slot 01/locate"], true],
  ["more than it takes", "tee", ["/etc/a", "/sys/0:1/a/locate"], false],
  ["another file with it", "tee", ["/sys/0:1/a /etc/b/locate"], false],
  ["another program", "sh", ["-c", "id"], false],
])("of %s", (_what, tool, words, expected) => {
  expect(mayRun("ops", tool, words)).toBe(expected);
  expect(mayRun("guest", tool, words)).toBe(false);
  expect(mayRun("boss", tool, words)).toBe(true);
});

test("what is not known of the format is a defect, and no refusal", () => {
  expect(() => parseSudoers("ops ALL=(ALL:ALL) ALL")).toThrow(/not known here/);
});
