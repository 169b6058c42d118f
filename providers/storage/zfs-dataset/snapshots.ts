import { formatFileMark } from "../mark";
import type { ZfsDatasetInputs } from "./model";

/** A file on the machine. */
export interface UnitFile {
  path: string;
  mode: string;
  content: string;
}

type Snapshots = NonNullable<ZfsDatasetInputs["snapshots"]>;

const day = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const days = `${day}((\\.\\.|,)${day})*`;
const hour = "([01]\\d|2[0-3])";
const minute = "[0-5]\\d";
/** A part of what systemd takes, so that nothing is to be asked of a machine at preview. */
const calendar = new RegExp(
  `^(hourly|daily|weekly|monthly|(${days} )?((\\*|${hour}|${hour}\\.\\.${hour}|${hour}/[1-9]):${minute}|\\*:${minute}/([1-9]|[1-5]\\d)))$`,
);

export function scheduleProblem(schedule: string): string | undefined {
  return calendar.test(schedule) && isForward(schedule)
    ? undefined
    : 'must be hourly, daily, weekly, monthly, or days and a time like "02:30", "*:00/15", "Mon..Fri 08..18:00"';
}

/** systemd takes no range from Saturday to Monday, nor one over three days' names. */
function isForward(schedule: string): boolean {
  const order = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const ranges = schedule.match(/\w+(\.\.\w+)+/g) ?? [];
  return ranges.every((range) => {
    const [first = "", last = "", ...more] = range.split("..");
    const place = (text: string) =>
      order.includes(text) ? order.indexOf(text) : Number(text);
    return more.length === 0 && place(first) <= place(last);
  });
}

const folder = "/etc/systemd/system";

export function timerOf(name: string): string {
  return `hybrid-site-snapshots-${name}.timer`;
}

export function serviceOf(name: string): string {
  return timerOf(name).replace(/timer$/, "service");
}

function scriptOf(name: string): string {
  return `/usr/local/sbin/hybrid-site-snapshots-${name}`;
}

export function pathsOf(name: string): string[] {
  const units = [serviceOf(name), timerOf(name)];
  return [scriptOf(name), ...units.map((unit) => `${folder}/${unit}`)];
}

/** What takes the snapshots: nothing in it needs more than systemd, sh and zfs. */
export function filesOf(
  { owner, name, dataset }: ZfsDatasetInputs,
  { schedule, keep }: Snapshots,
  guid: string,
): UnitFile[] {
  const [script = "", service = "", timer = ""] = pathsOf(name);
  const head = formatFileMark(owner);
  return [
    {
      path: script,
      mode: "0755",
      content: `#!/bin/sh
${head}
# Takes a snapshot, then lets the oldest of its own kind go.
set -eu
dataset=${dataset}
guid=${guid}
keep=${keep}

if [ "$(zfs get -H -p -o value guid "$dataset")" != "$guid" ]; then
  echo "$dataset is not the dataset that was meant (guid $guid)" >&2
  exit 1
fi
zfs snapshot "$dataset@hybrid-site-$(date -u +%Y%m%dT%H%M%SZ)"
zfs list -H -p -t snapshot -d 1 -S creation -o name "$dataset" | {
  count=0
  while read -r snapshot; do
    case $snapshot in
    "$dataset@hybrid-site-"*) count=$((count + 1)) ;;
    *) continue ;;
    esac
    # One that is held or cloned stays, and the others do not stay with it.
    [ "$count" -le "$keep" ] || zfs destroy "$snapshot" || true
  done
}
`,
    },
    {
      path: service,
      mode: "0644",
      content: `${head}
[Unit]
Description=Snapshot of ${dataset}
After=zfs.target

[Service]
Type=oneshot
ExecStart=${script}
`,
    },
    {
      path: timer,
      mode: "0644",
      content: `${head}
[Unit]
Description=Snapshots of ${dataset}

[Timer]
OnCalendar=${schedule}
Persistent=true

[Install]
WantedBy=timers.target
`,
    },
  ];
}

/** What the files on the machine say, whoever wrote them. */
export function parseFiles(
  script: string | undefined,
  timer: string | undefined,
): Snapshots | undefined {
  const [, keep] = /^keep=(\d+)$/m.exec(script ?? "") ?? [];
  const [, schedule] = /^OnCalendar=(.+)$/m.exec(timer ?? "") ?? [];
  if (keep === undefined || schedule === undefined) return undefined;
  return { schedule, keep: Number(keep) };
}
