import type { Rule } from "./finding";

export const shareNfs: Rule = {
  id: "share-nfs",
  severity: "warning",
  title: "A directory is served by NFS or by SMB",
  fact: "An SMB client caches a file under an oplock, which a write by NFS does not break (smb.conf(5), kernel oplocks): the two overwrite each other. A share's directory is for its own group only (mode 2770), whatever NFS's clients had of it.",
  check: ({ storage }) =>
    (storage?.shares ?? []).flatMap(({ name, dataset }, index) =>
      (storage?.exports ?? [])
        .filter((item) => `${item.dataset}/`.startsWith(`${dataset}/`))
        .map((item) => ({
          message: `share "${name}" of dataset "${dataset}" and the NFS export of "${item.dataset}" serve the same files`,
          path: ["storage", "shares", index, "dataset"],
        })),
    ),
  remedy: "Serve it by one of the two, or give each a dataset of its own.",
};
