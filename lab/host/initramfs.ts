import { readdirSync, readFileSync } from "node:fs";
import { gnu } from "./coreutils/gnu";
import type { FactsSpec } from "./facts/spec";
import type { Tool } from "./tool";
import type { HostWorld } from "./world";

const folder = "/etc/modprobe.d";

/** From initramfs-tools: of what a real image holds, what modprobe reads before the root is there. */
export const updateInitramfs: Tool = (call) => {
  const parsed = gnu(call, "update-initramfs", {
    update: { type: "boolean", short: "u" },
  });
  if (parsed === undefined) return 1;
  if (!parsed.flags.update) {
    call.stderr.write(
      "You must specify at least one of -c, -u, or -d.\n\nUsage: update-initramfs {-c|-d|-u} [-k version] [-v] [-b directory]\n",
    );
    return 2;
  }
  const { kernel } = call.world.load<Partial<FactsSpec>>("facts", {});
  const image = `/boot/initrd.img-${kernel}`;
  call.stdout.write(`update-initramfs: Generating ${image}\n`);
  call.world.put(image, modprobeFiles(call.world));
  return 0;
};

function modprobeFiles(world: HostWorld): string {
  let names: string[];
  try {
    names = readdirSync(world.path(folder)).sort();
  } catch {
    return "";
  }
  return names
    .filter((name) => /^[^.].*\.conf$/.test(name))
    .map((name) => {
      const path = `${folder}/${name}`;
      return `${path.slice(1)}\n${readFileSync(world.path(path), "utf8")}`;
    })
    .join("");
}
