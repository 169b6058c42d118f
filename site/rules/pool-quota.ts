import { roomOf } from "../storage";
import type { Rule } from "./finding";

const gibibyte = 2 ** 30;

export const poolQuota: Rule = {
  id: "pool-quota",
  severity: "warning",
  title: "A quota is less than the pool has",
  fact: "ZFS takes a quota of any size (zfsprops.7); one beyond the pool's room limits nothing, and the pool is full before.",
  check: (site) => {
    const { pools = [], datasets = [] } = site.storage ?? {};
    return datasets.flatMap(({ name, quota = 0 }, index) => {
      const pool = pools.find((item) => item.name === name.split("/")[0]);
      const room = pool && roomOf(site, pool);
      return room === undefined || quota <= room
        ? []
        : [
            {
              message: `dataset "${name}" may take ${Math.ceil(quota / gibibyte)} GiB, and pool "${pool?.name}" has ${Math.floor(room / gibibyte)} GiB at most`,
              path: ["storage", "datasets", index, "quota"],
            },
          ];
    });
  },
  remedy: "Make the quota smaller, or drop it.",
};
