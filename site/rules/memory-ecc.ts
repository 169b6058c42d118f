import type { Rule } from "./finding";

export const memoryEcc: Rule = {
  id: "memory-ecc",
  severity: "warning",
  title: "A server of pools has memory that corrects errors",
  fact: "ZFS writes what it has in memory, with a checksum of what is wrong already (OpenZFS, Hardware: ECC Memory).",
  check: ({ hardware, storage }) =>
    hardware.hosts.flatMap(({ name, modules = [] }, index) =>
      storage?.pools.some(({ host }) => host === name)
        ? modules.flatMap(({ ecc, count, type }, at) =>
            ecc
              ? []
              : [
                  {
                    message: `host "${name}" has pools, and ${count} ${type}s without ECC`,
                    path: ["hardware", "hosts", index, "modules", at, "ecc"],
                  },
                ],
          )
        : [],
    ),
  remedy: "Buy modules with ECC.",
};
