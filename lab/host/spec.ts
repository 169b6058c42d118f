import type { Tool } from "./tool";
import type { HostWorld } from "./world";

export interface HostUser {
  /** Lines of authorized_keys. */
  keys: readonly string[];
  /** May run anything as root without a password, or what this text of a sudoers file says. */
  sudo?: true | string;
}

export interface HostSpec {
  name: string;
  listen: { host: string; port: number };
  users: Readonly<Record<string, HostUser>>;
  /** Beside those that every machine has. */
  tools?: Readonly<Record<string, Tool>>;
  /** Fills /proc, /sys, /dev and imports pools, after memory was emptied. */
  boot?(world: HostWorld): void;
}

/** A line of ssh.jsonl. */
export interface HostRecord {
  host: string;
  command: string;
}
