import type { RouterConfiguration, Section } from "../../site";

type Files = Pick<RouterConfiguration, "network" | "firewall">;

const established = "ct state established,related accept";

/**
 * The nftables rules that mean the sections which site/uci makes, as
 * firewall4 documents them: no more of its language than that.
 */
export function nftables({ network, firewall }: Files): string {
  const of = (type: string) => firewall.filter((item) => item.type === type);
  const zones = of("zone").map(({ options }) => ({
    options,
    name: String(options.name),
    devices: quoted(list(options.network).map((name) => device(network, name))),
  }));
  const rules = (from: string, forwarded: boolean) =>
    of("rule")
      .filter(({ options }) => options.src === from)
      .filter(({ options }) => (options.dest !== undefined) === forwarded)
      .flatMap((rule) => statements(rule, verdict(zones, rule)));
  const forwardings = (from: string) =>
    of("forwarding")
      .filter(({ options }) => options.src === from)
      .map(
        (forwarding) =>
          `${familyMatch(forwarding)}${verdict(zones, forwarding)}`,
      );
  const jumps = (chain: string, side: "iifname" | "oifname") =>
    zones.map(
      ({ name, devices }) => `${side} ${devices} jump ${chain}_${name}`,
    );
  const chains = zones.flatMap(({ name, options, devices }) => [
    chain(`input_${name}`, [...rules(name, false), target(options.input)]),
    chain(`output_${name}`, [target(options.output)]),
    chain(`forward_${name}`, [
      ...rules(name, true),
      ...forwardings(name),
      `oifname ${devices} ${target(options.forward)}`,
    ]),
    chain(`srcnat_${name}`, [
      ...(options.masq ? ["meta nfproto ipv4 masquerade"] : []),
      ...(options.masq6 ? ["meta nfproto ipv6 masquerade"] : []),
    ]),
  ]);
  return `table inet router {
${[
  chain("reject_all", ["meta l4proto tcp reject with tcp reset", "reject"]),
  ...chains,
  hook("input", "filter", "drop", [
    'iifname "lo" accept',
    established,
    ...jumps("input", "iifname"),
    "jump reject_all",
  ]),
  hook("forward", "filter", "drop", [
    established,
    ...jumps("forward", "iifname"),
    "jump reject_all",
  ]),
  hook("output", "filter", "drop", [
    'oifname "lo" accept',
    established,
    ...jumps("output", "oifname"),
    "jump reject_all",
  ]),
  hook("postrouting", "srcnat", "accept", jumps("srcnat", "oifname")),
  hook(
    "forward",
    "mangle",
    "accept",
    zones
      .filter(({ options }) => options.mtu_fix)
      .map(
        ({ devices }) =>
          `oifname ${devices} tcp flags syn tcp option maxseg size set rt mtu`,
      ),
  ),
].join("\n")}
}
`;
}

function chain(name: string, lines: string[]): string {
  return `  chain ${name} {\n${lines.map((line) => `    ${line}\n`).join("")}  }`;
}

function hook(
  name: string,
  priority: string,
  policy: string,
  lines: string[],
): string {
  const type = priority === "srcnat" ? "nat" : "filter";
  return chain(`${name}_${priority}`, [
    `type ${type} hook ${name} priority ${priority}; policy ${policy};`,
    ...lines,
  ]);
}

const list = (value: Section["options"][string] | undefined): string[] =>
  value === undefined ? [] : [value].flat().map(String);

const quoted = (names: string[]) =>
  `{ ${[...new Set(names)].map((name) => `"${name}"`).join(", ")} }`;

function device(network: readonly Section[], name: string): string {
  const found = network.find(
    ({ type, section }) => type === "interface" && section === name,
  )?.options;
  const below = String(found?.device ?? "");
  if (below.startsWith("@")) return device(network, below.slice(1));
  return found?.proto === "pppoe" ? `pppoe-${name}` : below;
}

function target(name: Section["options"][string] | undefined): string {
  return name === "ACCEPT"
    ? "accept"
    : name === "DROP"
      ? "drop"
      : "jump reject_all";
}

/** Into a zone is out by its devices. */
function verdict(
  zones: { name: string; devices: string }[],
  { type, options }: Section,
): string {
  const to = zones.find(({ name }) => name === options.dest);
  const end = type === "forwarding" ? "accept" : target(options.target);
  return to ? `oifname ${to.devices} ${end}` : end;
}

function familyMatch({ options }: Section): string {
  return options.family === undefined || options.family === "any"
    ? ""
    : `meta nfproto ${options.family} `;
}

/** One statement for each protocol, and each family where addresses tell them apart. */
function statements(rule: Section, end: string): string[] {
  const { options } = rule;
  const comment = `comment "!fw4: ${options.name}"`;
  const ports = (key: string, side: string, protocol: string) =>
    options[key] && (protocol === "tcp" || protocol === "udp")
      ? `${protocol} ${side} { ${list(options[key]).join(", ")} } `
      : "";
  const addresses = list(options.dest_ip).concat(list(options.src_ip));
  const families = (["ipv4", "ipv6"] as const).filter(
    (family) =>
      (options.family === undefined ||
        options.family === "any" ||
        options.family === family) &&
      (addresses.length === 0 ||
        addresses.some((address) => isOf(address, family))),
  );
  return families.flatMap((family) =>
    list(options.proto).map((protocol) => {
      const ip = family === "ipv4" ? "ip" : "ip6";
      const match = (key: string, side: string) => {
        const own = list(options[key]).filter((item) => isOf(item, family));
        return own.length > 0 ? `${ip} ${side} { ${own.join(", ")} } ` : "";
      };
      const icmp = family === "ipv4" ? "icmp" : "icmpv6";
      const l4 =
        protocol === "all"
          ? ""
          : `meta l4proto ${protocol === "icmp" && family === "ipv6" ? "ipv6-icmp" : protocol} `;
      const types = list(options.icmp_type).map((type) =>
        type
          .replace("neighbour-", "nd-neighbor-")
          .replace("router-", "nd-router-")
          .replace("solicitation", "solicit")
          .replace("advertisement", "advert"),
      );
      return [
        `meta nfproto ${family} `,
        match("src_ip", "saddr"),
        match("dest_ip", "daddr"),
        l4,
        ports("src_port", "sport", protocol),
        ports("dest_port", "dport", protocol),
        types.length > 0 ? `${icmp} type { ${types.join(", ")} } ` : "",
        `${end} `,
        comment,
      ].join("");
    }),
  );
}

const isOf = (address: string, family: "ipv4" | "ipv6") =>
  address.includes(":") === (family === "ipv6");
