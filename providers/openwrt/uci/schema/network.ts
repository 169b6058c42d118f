import { z } from "zod";
import {
  address,
  deviceName,
  flag,
  integer,
  sections,
  text,
  texts,
} from "./options";

const mtu = integer(576, 9_216);

/** netifd: config.c, device.c, bridge.c, interface.c and the proto handlers. */
export const network = sections("network", {
  globals: {
    ula_prefix: text,
    packet_steering: integer(0, 2),
    dhcp_default_duid: text,
  },
  device: {
    name: deviceName,
    type: z.enum(["bridge", "8021q", "8021ad", "macvlan", "veth"]).optional(),
    ports: texts,
    ifname: deviceName.optional(),
    vid: integer(1, 4094),
    macaddr: z.mac().optional(),
    mtu,
    mtu6: mtu,
    ipv6: flag,
    stp: flag,
    igmp_snooping: flag,
    bridge_empty: flag,
    vlan_filtering: flag,
    promisc: flag,
    txqueuelen: integer(1, 100_000),
  },
  "bridge-vlan": {
    device: deviceName,
    vlan: z.int().min(1).max(4094),
    ports: z
      .array(
        z
          .string()
          .regex(
            /^[^\s:]{1,15}(:[tu*]+)?$/,
            'must be like "eth0:t" or "eth1:u*"',
          ),
      )
      .min(1)
      .optional(),
    local: flag,
    alias: texts,
  },
  interface: {
    proto: z.enum(["static", "dhcp", "dhcpv6", "pppoe", "none"]),
    device: deviceName.optional(),
    ipaddr: z.array(z.cidrv4()).min(1).optional(),
    gateway: address,
    ip6addr: texts,
    ip6assign: integer(0, 128),
    ip6hint: text,
    ip6class: texts,
    ip6gw: text,
    metric: integer(0, 4_294_967_295),
    mtu,
    dns: texts,
    dns_search: texts,
    peerdns: flag,
    defaultroute: flag,
    auto: flag,
    disabled: flag,
    force_link: flag,
    delegate: flag,
    ipv6: z.union([z.boolean(), z.literal("auto")]).optional(),
    hostname: text,
    clientid: text,
    broadcast: flag,
    reqaddress: text,
    reqprefix: text,
    username: text,
    password: text,
    service: text,
    ac: text,
    keepalive: text,
    sourcefilter: flag,
    ip4table: text,
    ip6table: text,
  },
  route: {
    interface: z.string(),
    target: z.string(),
    netmask: text,
    gateway: text,
    metric: integer(0, 4_294_967_295),
    mtu,
    table: text,
    source: text,
    type: text,
    onlink: flag,
    disabled: flag,
  },
});
