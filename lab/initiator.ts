import { existsSync, readFileSync } from "node:fs";
import type { HostWorld } from "./host";

/** Who a machine is to a target: what open-iscsi's files say. */
export function initiatorOf(world: HostWorld): {
  initiator: string;
  username?: string;
  password?: string;
} {
  const settings = read(world, "/etc/iscsi/iscsid.conf");
  const names = read(world, "/etc/iscsi/initiatorname.iscsi");
  const isChap = settings.get("node.session.auth.authmethod") === "CHAP";
  return {
    initiator:
      names.get("InitiatorName") ?? `iqn.1993-08.org.debian:01:${world.name}`,
    ...(isChap && {
      username: settings.get("node.session.auth.username"),
      password: settings.get("node.session.auth.password"),
    }),
  };
}

function read(world: HostWorld, path: string): Map<string, string> {
  const file = world.path(path);
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return new Map(
    text.split("\n").flatMap((line) => {
      const [, key, value] = /^([^#=\s]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      return key === undefined ? [] : [[key, value ?? ""] as const];
    }),
  );
}
