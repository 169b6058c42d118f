import type { Section } from "../uci/section";
import type { Problem, Sections } from "./problems";

/** iptables takes no chain of 29 characters: mwan3_iface_in_NAME. */
const longestInterface = 13;
/** mwan3 passes others over, with a line in its log only. */
const longestName = 15;
const fixedPolicies = ["default", "unreachable", "blackhole"];

type Check = (section: Section) => [key: string, message: string][];

/** mwan3 itself says none of this: it skips what it cannot use. */
export function mwan3Problems({ network, mwan3 }: Sections): Problem[] {
  const named = (type: string) =>
    mwan3.filter((item) => item.type === type).map(({ section }) => section);
  const unknown = (type: string, name: string) =>
    `there is no ${type} "${name}" in mwan3, there are ${named(type).join(", ") || "none"}`;
  const metrics = new Map<string, string>();

  const checks: Record<string, Check> = {
    interface({ section, options }) {
      const targets = [options.track_ip ?? []].flat().length;
      const reliability = Number(options.reliability ?? 1);
      const line = network.find(
        (item) => item.type === "interface" && item.section === section,
      );
      const metric = line?.options.metric;
      // IPv6 has routes of its own.
      const place = `${options.family ?? "ipv4"} ${metric}`;
      const twin = metrics.get(place);
      metrics.set(place, section);
      return [
        ...tooLong(section, longestInterface),
        ...(targets > 0 && reliability > targets
          ? [
              pair(
                "reliability",
                `of "${section}" is above the number of its targets (${targets}): it could never be online`,
              ),
            ]
          : []),
        ...(line ? [] : [pair("", `"${section}" is no interface of network`)]),
        ...(line && (metric === undefined || twin)
          ? [
              pair(
                "",
                `network.${section} needs a metric that no other line has${twin ? ` ("${twin}" has ${metric})` : ""}: the second default route would not be taken`,
              ),
            ]
          : []),
      ];
    },
    member: ({ section, options }) => [
      ...tooLong(section, longestName),
      ...(named("interface").includes(String(options.interface))
        ? []
        : [pair("interface", unknown("interface", String(options.interface)))]),
    ],
    policy: ({ section, options }) => [
      ...tooLong(section, longestName),
      ...[options.use_member ?? []]
        .flat()
        .map(String)
        .filter((name) => !named("member").includes(name))
        .map((name) => pair("use_member", unknown("member", name))),
    ],
    rule({ section, options }) {
      const policy = String(options.use_policy);
      const known = [...named("policy"), ...fixedPolicies].includes(policy);
      const ported = /^(tcp|udp)$/.test(String(options.proto));
      return [
        ...tooLong(section, longestName),
        ...(known ? [] : [pair("use_policy", unknown("policy", policy))]),
        ...["src_port", "dest_port"]
          .filter((key) => options[key] !== undefined && !ported)
          .map((key) =>
            pair(
              key,
              `of "${section}" is passed over without proto tcp or udp`,
            ),
          ),
      ];
    },
  };
  return [
    ...mwan3.flatMap((item, index): Problem[] =>
      (checks[item.type]?.(item) ?? []).map(
        ([key, message]): Problem => [
          ["mwan3", index, ...(key ? ["options", key] : ["section"])],
          message,
        ],
      ),
    ),
    ...lastRule(mwan3),
  ];
}

function pair(key: string, message: string): [string, string] {
  return [key, message];
}

function tooLong(section: string, longest: number): [string, string][] {
  return section.length > longest
    ? [
        pair(
          "",
          `"${section}" has more than ${longest} characters: mwan3 would pass it over`,
        ),
      ]
    : [];
}

/** Rules are tried in their order: what stands behind the one for everything is dead. */
function lastRule(mwan3: readonly Section[]): Problem[] {
  const rules = mwan3
    .map((item, index) => ({ ...item, index }))
    .filter(({ type }) => type === "rule");
  if (rules.length === 0) return [];
  const catchAll = rules.findIndex(({ options }) => matchesAll(options));
  if (catchAll === -1) {
    return [
      [
        ["mwan3", rules.at(-1)?.index ?? 0],
        "no rule takes what is left: end with one that has dest_ip 0.0.0.0/0 and nothing else to match",
      ],
    ];
  }
  return rules
    .slice(catchAll + 1)
    .map(
      ({ section, index }): Problem => [
        ["mwan3", index],
        `rule "${section}" stands behind "${rules[catchAll]?.section}", which takes everything: move it before that`,
      ],
    );
}

function matchesAll(options: Section["options"]): boolean {
  const { dest_ip = "0.0.0.0/0", proto = "all", family = "any" } = options;
  const narrow = ["src_ip", "src_port", "src_iface", "dest_port", "ipset"];
  return (
    dest_ip === "0.0.0.0/0" &&
    proto === "all" &&
    family !== "ipv6" &&
    narrow.every((key) => options[key] === undefined)
  );
}
