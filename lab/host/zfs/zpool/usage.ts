import { isAtLeast23, type ZfsSettings } from "../settings";

/** A blank line stands for none in the general usage. */
const newest: readonly (readonly [string, string] | undefined)[] = [
  ["version", "\tversion [-j]\n"],
  undefined,
  [
    "create",
    "\tcreate [-fnd] [-o property=value] ... \n\t    [-O file-system-property=value] ... \n\t    [-m mountpoint] [-R root] <pool> <vdev> ...\n",
  ],
  ["destroy", "\tdestroy [-f] <pool>\n"],
  undefined,
  ["add", "\tadd [-afgLnP] [-o property=value] <pool> <vdev> ...\n"],
  ["remove", "\tremove [-npsw] <pool> <device> ...\n"],
  undefined,
  ["labelclear", "\tlabelclear [-f] <vdev>\n"],
  undefined,
  [
    "list",
    "\tlist [-gHLpPv] [-o property[,...]] [-j [--json-int, --json-pool-key-guid]] ...\n\t    [-T d|u] [pool] [interval [count]]\n",
  ],
  [
    "status",
    "\tstatus [--power] [-j [--json-int, --json-flat-vdevs, ...\n\t    --json-pool-key-guid]] [-c [script1,script2,...]] [-DegiLpPstvx] ...\n\t    [-T d|u] [pool] [interval [count]]\n",
  ],
  undefined,
  ["online", "\tonline [--power][-e] <pool> <device> ...\n"],
  ["offline", "\toffline [--power]|[[-f][-t]] <pool> <device> ...\n"],
  ["clear", "\tclear [[--power]|[-nF]] <pool> [device]\n"],
  ["reopen", "\treopen [-n] <pool>\n"],
  undefined,
  [
    "attach",
    "\tattach [-fsw] [-o property=value] <pool> <device> <new-device>\n",
  ],
  ["detach", "\tdetach <pool> <device>\n"],
  [
    "replace",
    "\treplace [-fsw] [-o property=value] <pool> <device> [new-device]\n",
  ],
  undefined,
  ["resilver", "\tresilver <pool> ...\n"],
  ["scrub", "\tscrub [-s | -p] [-w] [-e] <pool> ...\n"],
  undefined,
  [
    "import",
    "\timport [-d dir] [-D]\n\timport [-o mntopts] [-o property=value] ... \n\t    [-d dir | -c cachefile] [-D] [-l] [-f] [-m] [-N] [-R root] [-F [-n]] -a\n\timport [-o mntopts] [-o property=value] ... \n\t    [-d dir | -c cachefile] [-D] [-l] [-f] [-m] [-N] [-R root] [-F [-n]]\n\t    [--rewind-to-checkpoint] <pool | id> [newpool]\n",
  ],
  ["export", "\texport [-af] <pool> ...\n"],
  [
    "upgrade",
    "\tupgrade\n\tupgrade -v\n\tupgrade [-V version] <-a | pool ...>\n",
  ],
  ["reguid", "\treguid [-g guid] <pool>\n"],
  undefined,
  ["history", "\thistory [-il] [<pool>] ...\n"],
  undefined,
  [
    "get",
    '\tget [-Hp] [-j [--json-int, --json-pool-key-guid]] ...\n\t    [-o "all" | field[,...]] <"all" | property[,...]> <pool> ...\n',
  ],
  [
    "set",
    "\tset <property=value> <pool>\n\tset <vdev_property=value> <pool> <vdev>\n",
  ],
  ["sync", "\tsync [pool] ...\n"],
  undefined,
  ["wait", "\twait [-Hp] [-T d|u] [-t <activity>[,...]] <pool> [interval]\n"],
];

const older: Readonly<Record<string, string>> = {
  version: "\tversion\n",
  list: "\tlist [-gHLpPv] [-o property[,...]] [-T d|u] [pool] ... \n\t    [interval [count]]\n",
  status:
    "\tstatus [--power] [-c [script1,script2,...]] [-DegiLpPstvx]\n\t    [-T d|u] [pool] ... [interval [count]]\n",
  get: '\tget [-Hp] [-o "all" | field[,...]] <"all" | property[,...]> <pool> ...\n',
  add: "\tadd [-fgLnP] [-o property=value] <pool> <vdev> ...\n",
};

export function usageText(
  command: string | undefined,
  settings: ZfsSettings,
): string {
  const of = (name: string, text: string) =>
    isAtLeast23(settings) ? text : (older[name] ?? text);
  const found = newest.find((item) => item?.[0] === command);
  if (found !== undefined) return `usage:\n${of(...found)}`;
  const lines = newest.map((item) => (item === undefined ? "\n" : of(...item)));
  return `usage: zpool command args ...\nwhere 'command' is one of the following:\n\n${lines.join("")}\nFor further help on a command or topic, run: zpool help [<topic>]\n`;
}
