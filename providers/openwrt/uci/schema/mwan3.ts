import { z } from "zod";
import { flag, integer, seconds, sections, text, texts } from "./options";

const lastResort = z.enum(["unreachable", "blackhole", "default"]);

/** net/mwan3/files of OpenWrt's packages feed, branch openwrt-24.10. */
export const mwan3 = sections("mwan3", {
  globals: {
    mmx_mask: text,
    logging: flag,
    loglevel: z
      .enum([
        "emerg",
        "alert",
        "crit",
        "error",
        "warning",
        "notice",
        "info",
        "debug",
      ])
      .optional(),
    rt_table_lookup: texts,
    source_routing: flag,
  },
  interface: {
    enabled: flag,
    family: z.enum(["ipv4", "ipv6"]).optional(),
    initial_state: z.enum(["online", "offline"]).optional(),
    track_ip: texts,
    track_method: z
      .enum([
        "ping",
        "arping",
        "httping",
        "nping-tcp",
        "nping-udp",
        "nping-icmp",
        "nping-arp",
      ])
      .optional(),
    httping_ssl: flag,
    reliability: integer(1, 100),
    count: integer(1, 100),
    size: integer(1, 1_472),
    max_ttl: integer(1, 255),
    timeout: seconds,
    interval: seconds,
    failure_interval: seconds,
    recovery_interval: seconds,
    keep_failure_interval: flag,
    down: integer(1, 100),
    up: integer(1, 100),
    check_quality: flag,
    failure_latency: integer(1, 100_000),
    recovery_latency: integer(1, 100_000),
    failure_loss: integer(1, 100),
    recovery_loss: integer(1, 100),
    flush_conntrack: z
      .array(z.enum(["ifup", "ifdown", "connected", "disconnected"]))
      .min(1)
      .optional(),
  },
  member: {
    interface: z.string(),
    // Above it mwan3 drops the member, with a line in its log only.
    metric: integer(1, 256),
    weight: integer(1, 1_000),
  },
  policy: { use_member: texts, last_resort: lastResort.optional() },
  rule: {
    src_ip: text,
    src_port: text,
    src_iface: text,
    dest_ip: text,
    dest_port: text,
    proto: text,
    ipset: text,
    family: z.enum(["any", "ipv4", "ipv6"]).optional(),
    sticky: flag,
    timeout: seconds,
    logging: flag,
    use_policy: z.string(),
  },
});
