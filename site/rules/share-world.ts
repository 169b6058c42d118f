import type { Rule } from "./finding";

export const shareWorld: Rule = {
  id: "share-world",
  severity: "warning",
  title: "Writers have names",
  fact: "Files of guests are nobody's (smb.conf(5), guest account): each may change and delete what all others have written.",
  check: ({ storage }) =>
    (storage?.shares ?? []).flatMap(({ name, guests, to }, index) =>
      guests?.access !== "rw"
        ? []
        : [
            {
              message: `everybody at ${to.map((item) => `"${item}"`).join(", ")} may write share "${name}" (${guests.reason})`,
              path: ["storage", "shares", index, "guests"],
            },
          ],
    ),
  remedy: "Give writers accounts where they can have one.",
};
