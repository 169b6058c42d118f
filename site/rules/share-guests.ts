import type { Site } from "../manifest";
import type { Rule } from "./finding";

export const shareGuests: Rule = {
  id: "share-guests",
  severity: "error",
  title: "What anybody may delete is kept in snapshots",
  fact: "A guest has no name (smb.conf(5), guest ok): whoever reaches the share may delete all of it, and nothing says who it was.",
  check: (site) =>
    (site.storage?.shares ?? []).flatMap(({ name, dataset, guests }, index) =>
      guests?.access !== "rw" || hasSnapshots(site, dataset)
        ? []
        : [
            {
              message: `guests may write share "${name}", and dataset "${dataset}" has no snapshots`,
              path: ["storage", "shares", index, "guests"],
            },
          ],
    ),
  remedy: "Give the dataset snapshots, or let guests read only.",
};

function hasSnapshots({ storage }: Site, dataset: string): boolean {
  return (storage?.datasets ?? []).some(
    ({ name, snapshots }) => name === dataset && snapshots !== undefined,
  );
}
