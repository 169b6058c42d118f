import type { Site } from "./manifest";
import type { Problem } from "./problem";
import { contains, overlap, reserved } from "./schema/address";
import { suggest } from "./suggest";

type Path = readonly PropertyKey[];

const checks = [
  duplicateNames,
  danglingReferences,
  networkProblems,
  addressProblems,
  imageProblems,
  vmIdProblems,
];

/** What the schema cannot see: names, addresses and numbers across areas. */
export function crossCheck(site: Site): Problem[] {
  return checks.flatMap((check) => check(site));
}

/**
 * The same for a manifest that the schema refuses, as far as its parts can be
 * looked at: all problems are told at once.
 */
export function crossCheckWhatIsThere(value: unknown): Problem[] {
  return checks.flatMap((check) => {
    try {
      return check(value as Site);
    } catch {
      // The part that it looks at is itself malformed, which is told already.
      return [];
    }
  });
}

function duplicateNames({ hardware, networks, proxmox, guests }: Site) {
  return [
    twice("host name", hardware.hosts, (host) => host.name, [
      "hardware",
      "hosts",
    ]),
    twice("network name", networks, (network) => network.name, ["networks"]),
    twice("VLAN id", networks, ({ vlan }) => `${vlan}`, ["networks"], "vlan"),
    twice(
      "Proxmox host",
      proxmox.hosts,
      ({ host }) => host,
      ["proxmox", "hosts"],
      "host",
    ),
    twice("image name", proxmox.images, ({ name }) => name, [
      "proxmox",
      "images",
    ]),
    twice("guest name", guests, ({ name }) => name, ["guests"]),
    ...guests.map((guest, index) =>
      twice(
        "disk slot",
        guest.disks,
        ({ slot }) => slot,
        ["guests", index, "disks"],
        "slot",
      ),
    ),
  ].flat();
}

function twice<T>(
  what: string,
  items: readonly T[],
  key: (item: T) => string,
  path: Path,
  property = "name",
): Problem[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const value = key(item);
    const repeated = seen.has(value);
    seen.add(value);
    const message = `${what} "${value}" is used twice, give each its own`;
    return repeated ? [{ message, path: [...path, index, property] }] : [];
  });
}

function danglingReferences({ hardware, networks, proxmox, guests }: Site) {
  const problems: Problem[] = [];
  const refer = (
    what: string,
    name: string,
    known: string[],
    ...path: PropertyKey[]
  ) => {
    if (known.includes(name)) return;
    problems.push({
      message: `there is no ${what} "${name}"${suggest(name, known)}`,
      path,
    });
  };
  const names = (items: readonly { name: string }[]) =>
    items.map(({ name }) => name);
  const networkNames = names(networks);
  for (const [index, host] of hardware.hosts.entries()) {
    for (const network of Object.keys(host.addresses)) {
      refer(
        "network",
        network,
        networkNames,
        "hardware",
        "hosts",
        index,
        "addresses",
        network,
      );
    }
  }
  for (const [index, { host, bridges }] of proxmox.hosts.entries()) {
    const here = ["proxmox", "hosts", index] as const;
    refer("host", host, names(hardware.hosts), ...here, "host");
    for (const [number, bridge] of bridges.entries()) {
      for (const [at, network] of bridge.networks.entries()) {
        refer(
          "network",
          network,
          networkNames,
          ...here,
          "bridges",
          number,
          "networks",
          at,
        );
      }
    }
  }
  for (const [index, guest] of guests.entries()) {
    const here = ["guests", index] as const;
    refer(
      "Proxmox host",
      guest.host,
      proxmox.hosts.map(({ host }) => host),
      ...here,
      "host",
    );
    refer("image", guest.image, names(proxmox.images), ...here, "image");
    const host = proxmox.hosts.find(
      (candidate) => candidate.host === guest.host,
    );
    if (host === undefined) continue;
    const what = (kind: string) => `${kind} on host "${guest.host}" called`;
    for (const [at, disk] of guest.disks.entries()) {
      refer(
        what("storage"),
        disk.storage,
        names(host.storages),
        ...here,
        "disks",
        at,
        "storage",
      );
    }
    if (guest.cloudInit) {
      refer(
        what("storage"),
        guest.cloudInit.storage,
        names(host.storages),
        ...here,
        "cloudInit",
        "storage",
      );
    }
    for (const [at, nic] of guest.nics.entries()) {
      refer(
        what("bridge"),
        nic.bridge,
        names(host.bridges),
        ...here,
        "nics",
        at,
        "bridge",
      );
      if (nic.network)
        refer(
          "network",
          nic.network,
          networkNames,
          ...here,
          "nics",
          at,
          "network",
        );
      for (const [number, network] of (nic.trunk ?? []).entries()) {
        refer(
          "network",
          network,
          networkNames,
          ...here,
          "nics",
          at,
          "trunk",
          number,
        );
      }
      if ((nic.network === undefined) === (nic.trunk === undefined)) {
        problems.push({
          message:
            "a NIC is in one network or carries a trunk, give either network or trunk",
          path: [...here, "nics", at],
        });
      }
    }
  }
  return problems;
}

function networkProblems({ networks }: Site): Problem[] {
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

function addressProblems(site: Site): Problem[] {
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

function claims({ hardware, networks, guests }: Site): Claim[] {
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

function imageProblems({ proxmox, guests }: Site): Problem[] {
  return proxmox.images.flatMap((image, index): Problem[] => {
    const path = ["proxmox", "images", index];
    if ((image.url === undefined) !== (image.checksum === undefined)) {
      return [
        {
          message:
            "a download needs both url and checksum, add the other or drop both",
          path,
        },
      ];
    }
    const users = guests.filter((guest) => guest.image === image.name);
    return [...new Set(users.map(({ host }) => host))].flatMap((name) => {
      const host = proxmox.hosts.find((candidate) => candidate.host === name);
      const storage = host?.storages.find(
        (item) => item.name === image.storage,
      );
      if (host === undefined || storage?.content.includes("import")) return [];
      const message = storage
        ? `storage "${image.storage}" of host "${name}" does not take images, add "import" to its content`
        : `host "${name}" has no storage "${image.storage}"${suggest(
            image.storage,
            host.storages.map((item) => item.name),
          )}`;
      return [{ message, path: [...path, "storage"] }];
    });
  });
}

function vmIdProblems({ proxmox, guests }: Site): Problem[] {
  const seen = new Set<string>();
  const { from, to } = proxmox.vmIds;
  const range: Problem[] =
    from <= to
      ? []
      : [
          {
            message: `vmIds go from ${from} down to ${to}, swap them`,
            path: ["proxmox", "vmIds"],
          },
        ];
  return [
    ...range,
    ...guests.flatMap(({ vmId, host }, index) => {
      if (vmId === undefined) return [];
      const place =
        proxmox.hosts.find((item) => item.host === host)?.cluster ?? host;
      const key = `${place}/${vmId}`;
      const repeated = seen.has(key);
      seen.add(key);
      const message = `VM id ${vmId} is used twice on "${place}", give each its own`;
      return repeated ? [{ message, path: ["guests", index, "vmId"] }] : [];
    }),
  ];
}
