import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Flash } from "./flash";

/**
 * The image's own init scripts below etc/rc.d, as /etc/rc.common runs them:
 * with IPKG_INSTROOT before every path, which OpenWrt's scripts know.
 */
export class Scripts {
  constructor(private readonly flash: Flash) {}

  /** In their order, before anything else is up. */
  boot(): void {
    for (const name of this.#names())
      this.#run(name, "command -v boot >/dev/null && boot || start");
  }

  /** Those that procd tells of a changed file, beside what goes on. */
  changed(configs: readonly string[]): void {
    for (const name of this.#names()) {
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

  #names(): string[] {
    return this.flash.list("etc/rc.d").filter((name) => /^S\d\d/.test(name));
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
