import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Flash } from "./flash";

/**
 * The image's own init scripts below etc/rc.d, as /etc/rc.common runs them:
 * with IPKG_INSTROOT before every path, which OpenWrt's scripts know.
 */
export class Scripts {
  constructor(private readonly flash: Flash) {}

  /** Power is gone: what runs in the background goes too, also that of a lab that was killed. */
  powerOff(): void {
    const mark = `IPKG_INSTROOT=${this.flash.root}\0`;
    const ids = existsSync("/proc") ? readdirSync("/proc").map(Number) : [];
    for (const id of ids.filter((id) => id > 1 && id !== process.pid)) {
      try {
        const environment = readFileSync(`/proc/${id}/environ`, "utf8");
        if (`${environment}\0`.includes(mark)) process.kill(id, "SIGKILL");
      } catch {
        // Somebody else's, or it has ended meanwhile.
      }
    }
  }

  /** In their order, before anything else is up. */
  boot(): void {
    for (const name of this.#names("S"))
      this.#run(name, "command -v boot >/dev/null && boot || start");
  }

  /** In their order, before what runs is ended. */
  shutDown(): void {
    for (const name of this.#names("K"))
      this.#run(name, "command -v shutdown >/dev/null && shutdown || stop");
    this.powerOff();
  }

  /** Those that procd tells of a changed file, beside what goes on. */
  changed(configs: readonly string[]): void {
    for (const name of this.#names("S")) {
      const text = this.flash.read(`etc/rc.d/${name}`) ?? "";
      const triggers =
        /procd_add_reload_trigger ([^\n]*)/.exec(text)?.[1] ?? "";
      if (!configs.some((config) => triggers.split(/["'\s]+/).includes(config)))
        continue;
      const child = spawn(
        "/bin/sh",
        this.#words(name, "reload_service"),
        this.#options(),
      );
      child.on("error", () => undefined);
      child.unref();
    }
  }

  /** What `enable` links for the start ("S") or the end ("K"). */
  #names(kind: "S" | "K"): string[] {
    return this.flash
      .list("etc/rc.d")
      .filter((name) => name.startsWith(kind) && /^.\d\d/.test(name));
  }

  #run(name: string, call: string): void {
    spawnSync("/bin/sh", this.#words(name, call), this.#options());
  }

  #words(name: string, call: string): string[] {
    return ["-c", `. "$0"; ${call}`, join(this.flash.root, "etc/rc.d", name)];
  }

  #options() {
    return {
      env: { PATH: process.env.PATH, IPKG_INSTROOT: this.flash.root },
      stdio: "ignore" as const,
    };
  }
}
