import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const root = resolve(__dirname, "..");
/** Everything that the lab keeps; LAB_DIR moves it, for several labs side by side. */
export const labDirectory = resolve(process.env.LAB_DIR ?? join(root, ".lab"));
export const stateDirectory = join(labDirectory, "state");
export const hostsDirectory = join(labDirectory, "hosts");
export const openwrtDirectory = join(labDirectory, "openwrt");
export const proxmoxDirectory = join(labDirectory, "proxmox");
export const stack = "dev";

/** A socket's path may have some 100 characters. */
export const socketPath =
  labDirectory.length < 80
    ? join(labDirectory, "control.sock")
    : join(tmpdir(), `hybrid-site-${hash(labDirectory)}.sock`);

export function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
