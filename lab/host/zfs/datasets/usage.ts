import { isAtLeast23, type ZfsSettings } from "../settings";

const newest: Readonly<Record<string, string>> = {
  version: "\tversion [-j]\n",
  create:
    "\tcreate [-Pnpuv] [-o property=value] ... <filesystem>\n\tcreate [-Pnpsv] [-b blocksize] [-o property=value] ... -V <size> <volume>\n",
  destroy:
    "\tdestroy [-fnpRrv] <filesystem|volume>\n\tdestroy [-dnpRrv] <filesystem|volume>@<snap>[%<snap>][,...]\n\tdestroy <filesystem|volume>#<bookmark>\n",
  snapshot:
    "\tsnapshot [-r] [-o property=value] ... <filesystem|volume>@<snap> ...\n",
  rename:
    "\trename [-f] <filesystem|volume|snapshot> <filesystem|volume|snapshot>\n\trename -p [-f] <filesystem|volume> <filesystem|volume>\n\trename -u [-f] <filesystem> <filesystem>\n\trename -r <snapshot> <snapshot>\n",
  list: "\tlist [-Hp] [-j [--json-int]] [-r|-d max] [-o property[,...]]\n\t    [-s property]... [-S property]... [-t type[,...]]\n\t    [filesystem|volume|snapshot] ...\n",
  set: "\tset [-u] <property=value> ... <filesystem|volume|snapshot> ...\n",
  get: '\tget [-rHp] [-j [--json-int]] [-d max] [-o "all" | field[,...]]\n\t    [-t type[,...]] [-s source[,...]]\n\t    <"all" | property[,...]> [filesystem|volume|snapshot|bookmark] ...\n',
  inherit: "\tinherit [-rS] <property> <filesystem|volume|snapshot> ...\n",
  mount:
    "\tmount [-j]\n\tmount [-flvO] [-o opts] <-a|-R filesystem|filesystem>\n",
  unmount: "\tunmount [-fu] <-a | filesystem|mountpoint>\n",
};

const older: Readonly<Record<string, string>> = {
  version: "\tversion\n",
  list: "\tlist [-Hp] [-r|-d max] [-o property[,...]] [-s property]...\n\t    [-S property]... [-t type[,...]] [filesystem|volume|snapshot] ...\n",
  get: '\tget [-rHp] [-d max] [-o "all" | field[,...]]\n\t    [-t type[,...]] [-s source[,...]]\n\t    <"all" | property[,...]> [filesystem|volume|snapshot|bookmark] ...\n',
  mount: "\tmount\n\tmount [-flvO] [-o opts] <-a | filesystem>\n",
};

export function usageText(
  command: string | undefined,
  settings: ZfsSettings,
): string {
  const of = (name: string) =>
    (isAtLeast23(settings) ? undefined : older[name]) ?? newest[name] ?? "";
  if (command !== undefined && newest[command] !== undefined)
    return `usage:\n${of(command)}`;
  const lines = Object.keys(newest).map(of).join("");
  return `usage: zfs command args ...\nwhere 'command' is one of the following:\n\n${lines}\nEach dataset is of the form: pool/[dataset/]*dataset[@name]\n\nFor the property list, run: zfs set|get\n\nFor the delegated permission list, run: zfs allow|unallow\n\nFor further help on a command or topic, run: zfs help [<topic>]\n`;
}
