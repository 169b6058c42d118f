import { storagesOf } from "../storage/mounts";
import type { Rule } from "./finding";

export const routerDisk: Rule = {
  id: "router-disk",
  severity: "error",
  title: "The router boots from a local mirror",
  fact: "A router whose disk lies on a shelf or NFS cannot start before the storage that is reached through it.",
  check: (site) =>
    site.guests.flatMap((guest, index) => {
      if (guest.role !== "router") return [];
      return guest.disks.flatMap(({ slot, storage }, at) => {
        const medium = storagesOf(site, guest.host).find(
          ({ name }) => name === storage,
        )?.medium;
        return medium === "mirror"
          ? []
          : [
              {
                message: `disk ${slot} of router "${guest.name}" lies on "${storage}", which is ${medium}`,
                path: ["guests", index, "disks", at, "storage"],
              },
            ];
      });
    }),
  remedy: "Put it on a storage with medium: mirror.",
};
