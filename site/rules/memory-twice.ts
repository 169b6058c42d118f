import type { Rule } from "./finding";

export const memoryTwice: Rule = {
  id: "memory-twice",
  severity: "error",
  title: "A memory module is in one machine",
  fact: "Modules that one plan reuses and another still counts are missing in one of the machines.",
  check: ({ hardware }) =>
    hardware.spareMemory.flatMap((lot, index) => {
      const takers = hardware.hosts.flatMap(({ name, modules = [] }, at) =>
        modules.flatMap((item, number) =>
          item.from === lot.name
            ? [
                {
                  ...item,
                  host: name,
                  path: ["hardware", "hosts", at, "modules", number],
                },
              ]
            : [],
        ),
      );
      const taken = takers.reduce((sum, { count }) => sum + count, 0);
      const hosts = [...new Set(takers.map(({ host }) => `"${host}"`))];
      return [
        ...(taken > lot.count
          ? [
              {
                message: `${hosts.join(" and ")} take ${taken} modules of lot "${lot.name}", which has ${lot.count}`,
                path: ["hardware", "spareMemory", index, "count"],
              },
            ]
          : []),
        ...takers
          .filter(({ size, type }) => size !== lot.size || type !== lot.type)
          .map(({ host, path }) => ({
            message: `modules of host "${host}" are others than those of lot "${lot.name}"`,
            path,
          })),
      ];
    }),
  remedy: "Count each module where it goes, and buy what is missing.",
};
