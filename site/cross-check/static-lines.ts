import type { Site, Wan } from "../manifest";
import type { Problem } from "../problem";
import { contains, overlap, reserved } from "../schema/address";

type StaticLine = Extract<Wan["lines"][number], { protocol: "static" }>;

/** An address of the provider, and its gateway beside it: in no network of the site and of no other line. */
export function staticLineProblems({ wan, networks }: Site): Problem[] {
  return (wan?.lines ?? []).flatMap((line, index, lines): Problem[] => {
    if (line.protocol !== "static") return [];
    const { name, address } = line;
    const before = lines.slice(0, index).filter(isStatic);
    const told = (key: "address" | "gateway") => (message: string) => ({
      message,
      path: ["wan", "lines", index, key],
    });
    return [
      ...networks
        .filter(({ cidr }) => overlap(address, cidr))
        .map(
          ({ name: network, cidr }) =>
            `${address} of line "${name}" overlaps ${cidr} of network "${network}", write what the provider has given, or choose another range there`,
        ),
      ...before
        .filter((other) => overlap(address, other.address))
        .map(
          (other) =>
            `${address} of line "${name}" overlaps ${other.address} of line "${other.name}", and the router has one route to a network, correct one of them`,
        ),
      ...misplaced(address, own(address)),
    ]
      .map(told("address"))
      .concat(gatewayProblems(line, networks, before).map(told("gateway")));
  });
}

function gatewayProblems(
  { address, gateway }: StaticLine,
  networks: Site["networks"],
  others: StaticLine[],
): string[] {
  if (!contains(address, gateway) || gateway === own(address)) {
    return [
      `gateway ${gateway} is no neighbour of ${address}, correct one of them`,
    ];
  }
  const leg = networks.find((network) => network.gateway === gateway);
  const line = others.find((other) => own(other.address) === gateway);
  const holder = leg
    ? `in network "${leg.name}"`
    : line && `on line "${line.name}"`;
  return holder === undefined
    ? misplaced(address, gateway)
    : [
        `gateway ${gateway} is the router's own address ${holder}, write the provider's`,
      ];
}

/** The first and last address of a net, which no machine can have. */
function misplaced(network: string, address: string): string[] {
  return reserved(network).includes(address)
    ? [
        `${address} is the first or last address of its net, which no machine can have, choose another`,
      ]
    : [];
}

const own = (address: string) => address.split("/")[0] ?? "";

function isStatic(line: Wan["lines"][number]): line is StaticLine {
  return line.protocol === "static";
}
