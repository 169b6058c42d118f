import type { Site } from "../manifest";
import type { Problem } from "../problem";
import { contains, overlap, reserved } from "../schema/address";

type Path = readonly PropertyKey[];

export function networkProblems({ networks }: Site): Problem[] {
  return networks.flatMap((network, index) => {
    const problems: Problem[] = [];
    for (const other of networks.slice(0, index)) {
      if (overlap(network.cidr, other.cidr)) {
        problems.push({
          message: `${network.cidr} overlaps ${other.cidr} of network "${other.name}", choose another range`,
          path: ["networks", index, "cidr"],
        });
      }
    }
    return problems;
  });
}

interface Claim {
  address: string;
  network: string | undefined;
  path: Path;
}

export function addressProblems(site: Site): Problem[] {
  const byName = new Map(
    site.networks.map((network) => [network.name, network]),
  );
  const holders = new Map<string, Path>();
  return claims(site).flatMap(({ address, network, path }) => {
    const problems: Problem[] = [];
    const range = network === undefined ? undefined : byName.get(network)?.cidr;
    if (range && !contains(range, address)) {
      problems.push({
        message: `${address} is outside ${range} of network "${network}", choose one inside`,
        path,
      });
    } else if (range && reserved(range).includes(address)) {
      problems.push({
        message: `${address} is the first or last address of ${range}, which no machine can have, choose another`,
        path,
      });
    }
    if (holders.has(address)) {
      problems.push({
        message: `${address} is used twice, give each its own`,
        path,
      });
    }
    holders.set(address, path);
    return problems;
  });
}

function claims({ hardware, networks, guests, power }: Site): Claim[] {
  return [
    ...networks.flatMap(({ name, gateway }, index) =>
      gateway
        ? [
            {
              address: gateway,
              network: name,
              path: ["networks", index, "gateway"],
            },
          ]
        : [],
    ),
    ...hardware.hosts.flatMap((host, index) => [
      ...Object.entries(host.addresses).map(([network, address]) => ({
        address,
        network,
        path: ["hardware", "hosts", index, "addresses", network],
      })),
      ...(host.bmc
        ? [
            {
              address: host.bmc,
              network: undefined,
              path: ["hardware", "hosts", index, "bmc"],
            },
          ]
        : []),
    ]),
    ...(power?.ups ?? []).flatMap(({ address }, index) =>
      address
        ? [
            {
              address,
              network: undefined,
              path: ["power", "ups", index, "address"],
            },
          ]
        : [],
    ),
    ...guests.flatMap((guest, index) =>
      guest.nics.flatMap(({ address, network }, at) =>
        address && address !== "dhcp" && address !== "none"
          ? [
              {
                address,
                network,
                path: ["guests", index, "nics", at, "address"],
              },
            ]
          : [],
      ),
    ),
  ];
}
