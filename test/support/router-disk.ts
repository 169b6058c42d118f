import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./lab-command";

export const configs = [
  "dhcp",
  "firewall",
  "mwan3",
  "network",
  "system",
] as const;
export type Config = (typeof configs)[number];
export type Files = Record<Config, string>;

const guard = join(root, "site/image/files/hybrid-site-guard");

/** The files of one configuration, with the mark of its apply where it is kept. */
export function files(what: string, mark: string): Files {
  const marked = (text: string) =>
    `${text}\nconfig hybrid_site 'hybrid_site'\n\toption owner 'x'\n\toption apply '${mark}'\n\tlist owns 'network.apply'\n`;
  const one = (name: Config) => `config ${name} '${what}'\n\toption x '1'\n`;
  return {
    dhcp: marked(one("dhcp")),
    firewall: one("firewall"),
    mwan3: one("mwan3"),
    network: one("network"),
    system: marked(one("system")),
  };
}

/**
 * Stands for each command that changes something: counts it, and takes the
 * power away before the chosen one.
 */
const step = `#!/bin/sh
read -r count <"$RIG/count"
count=$((count + 1))
echo "$count" >"$RIG/count"
[ "$count" != "$STOP_AT" ] || kill -9 0
name=\${0##*/}
PATH=$REAL
if [ -e "$RIG/on-$name" ]; then
	hook=$(cat "$RIG/on-$name")
	rm "$RIG/on-$name"
	eval "$hook"
fi
case $name in
sync) find "$IPKG_INSTROOT/etc" -type f -exec stat -c "%i %s %Y" {} + >"$RIG/durable" ;;
logger) shift 4; echo "$*" >>"$RIG/log" ;;
sleep) echo slept >>"$RIG/sleeps" ;;
ubus) read -r answer <"$RIG/ubus"; exit "$answer" ;;
uci) ! grep -q '!!!' "$3/$5" ;;
*) exec "$name" "$@" ;;
esac
`;
const commands = "cp mv rm mkdir sync logger sleep ubus uci".split(" ");

/** A router's flash and memory, with the guard on it and no other program. */
export class RouterDisk {
  readonly directory = mkdtempSync(join(tmpdir(), "hybrid-site-router-"));
  /** See losePower. */
  spared = /^$/;
  readonly #rig = join(this.directory, "rig");
  readonly #flash = join(this.directory, "flash");
  readonly #live = join(this.#flash, "etc/config");
  readonly #memory = join(this.#flash, "var/run");

  constructor(
    now: Files,
    private readonly shell: readonly [string, ...string[]] = ["/bin/sh"],
    /** Where the commands come from. */
    private readonly programs = "/usr/bin:/bin",
  ) {
    mkdirSync(join(this.#rig, "bin"), { recursive: true });
    mkdirSync(this.#live, { recursive: true });
    for (const name of commands) {
      const file = join(this.#rig, "bin", name);
      writeFileSync(file, step);
      chmodSync(file, 0o755);
    }
    this.edit(now);
    this.#loseMemory();
    this.rpcd(2);
  }

  /** How rpcd answers: 6 while an apply waits, 2 else, 4 when it is not there. */
  rpcd(answer: number): void {
    writeFileSync(join(this.#rig, "ubus"), `${answer}\n`);
  }

  /** As a person does; on the disk for good. */
  edit(changes: Partial<Files>): void {
    for (const [name, text] of Object.entries(changes)) {
      writeFileSync(join(this.#live, name), text);
    }
    this.#settleOnDisk();
  }

  read(): Files {
    const read = (name: Config) => {
      const file = join(this.#live, name);
      return [name, existsSync(file) ? readFileSync(file, "utf8") : "(gone)"];
    };
    return Object.fromEntries(configs.map(read)) as Files;
  }

  /** rpcd's apply: pre-images into memory, then one file after the other. */
  apply(next: Files, howMany: number = configs.length): void {
    const snapshot = join(this.#memory, "rpcd/snapshot-files");
    rmSync(snapshot, { recursive: true, force: true });
    mkdirSync(snapshot, { recursive: true });
    for (const name of configs.slice(0, howMany)) {
      cpSync(join(this.#live, name), join(snapshot, name));
      this.edit({ [name]: next[name] });
    }
    this.rpcd(6);
  }

  confirm(): void {
    this.loseSnapshot();
    this.rpcd(2);
  }

  loseSnapshot(): void {
    rmSync(join(this.#memory, "rpcd/snapshot-files"), { recursive: true });
  }

  /** As confirm, while the guard sleeps. */
  confirmDuringSleep(): void {
    this.#during(
      "sleep",
      'rm -rf "$IPKG_INSTROOT/var/run/rpcd/snapshot-files"; echo 2 >"$RIG/ubus"',
    );
  }

  /** As apply, at the guard's next sync. */
  applyDuringSync(next: Files): void {
    mkdirSync(join(this.#rig, "next"));
    for (const name of configs) {
      writeFileSync(join(this.#rig, "next", name), next[name]);
    }
    this.#during(
      "sync",
      'cd "$IPKG_INSTROOT"; mkdir -p var/run/rpcd/snapshot-files; cp etc/config/* var/run/rpcd/snapshot-files; cp "$RIG/next/"* etc/config; echo 6 >"$RIG/ubus"',
    );
  }

  #during(command: string, act: string): void {
    writeFileSync(join(this.#rig, `on-${command}`), act);
  }

  rollback(howMany: number = configs.length): void {
    const snapshot = join(this.#memory, "rpcd/snapshot-files");
    for (const name of configs.slice(0, howMany)) {
      this.edit({ [name]: readFileSync(join(snapshot, name), "utf8") });
    }
    if (howMany === configs.length) this.confirm();
  }

  /** Power is lost before command number `stopAt`, when it comes to that. */
  boot(stopAt = 0): Promise<number> {
    this.#loseMemory();
    this.rpcd(4);
    return this.run("boot", stopAt);
  }

  /** procd's trigger, until the guard's work in the background is done. */
  event(stopAt = 0): Promise<number> {
    return this.run("reload_service; wait", stopAt);
  }

  /** Says how many commands there were. */
  async run(call: string, stopAt = 0): Promise<number> {
    writeFileSync(join(this.#rig, "count"), "0\n");
    const [shell, ...words] = this.shell;
    // Functions, because BusyBox's shell takes its own commands before PATH's.
    const wrapped = commands.map(
      (name) => `${name}() { "$RIG/bin/${name}" "$@"; }`,
    );
    const rcCommon = [...wrapped, "start() { :; }", `. ${guard}`, call].join(
      "; ",
    );
    const child = spawn(shell, [...words, "-c", rcCommon], {
      // A process group of its own, which loses its power together.
      detached: true,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        PATH: this.programs,
        REAL: this.programs,
        RIG: this.#rig,
        IPKG_INSTROOT: this.#flash,
        STOP_AT: `${stopAt}`,
      },
    });
    const isLost = await new Promise<boolean>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (_code, signal) => resolve(signal === "SIGKILL"));
    });
    if (isLost) this.losePower(this.spared);
    return Number(readFileSync(join(this.#rig, "count"), "utf8"));
  }

  /**
   * What was written since the last sync is cut, as its file's name is not; or
   * only where `spared` does not fit: a disk writes in an order of its own.
   */
  losePower(spared = /^$/): void {
    const durable = new Set(
      readFileSync(join(this.#rig, "durable"), "utf8").split("\n"),
    );
    for (const file of this.#files()) {
      if (durable.has(version(file)) || spared.test(file)) continue;
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.slice(0, text.slice(0, -1).indexOf("\n") + 1));
    }
    this.#settleOnDisk();
    this.#loseMemory();
  }

  said(): string {
    const file = join(this.#rig, "log");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  slept(): number {
    const file = join(this.#rig, "sleeps");
    return existsSync(file) ? readFileSync(file, "utf8").length / 6 : 0;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #loseMemory(): void {
    rmSync(this.#memory, { recursive: true, force: true });
    mkdirSync(this.#memory, { recursive: true });
    rmSync(join(this.#rig, "on-sleep"), { force: true });
  }

  #settleOnDisk(): void {
    const durable = this.#files().map(version);
    writeFileSync(join(this.#rig, "durable"), durable.join("\n"));
  }

  #files(): string[] {
    return readdirSync(join(this.#flash, "etc"), {
      recursive: true,
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  }
}

/** Goes with a file that is renamed, and not with its copy. */
function version(file: string): string {
  const { ino, size, mtimeMs } = statSync(file);
  return `${ino} ${size} ${Math.floor(mtimeMs / 1_000)}`;
}
