import type { Rule } from "./finding";

const fact =
  'vfio-pci denies guests C62x and its virtual functions for errata; disable_denylist=1 allows them, which "may lead to exploitable stability or security issues when accessed by untrusted users" (Linux, drivers/vfio/pci/vfio_pci.c).';

export const qatDenylist: Rule = {
  id: "qat-denylist",
  severity: "warning",
  title: "Guests that have a QAT card can hang the machine",
  fact,
  check: ({ qat }) =>
    qat.flatMap(({ name, host, stack, disableDenylist }, index) =>
      stack === "passthrough" && disableDenylist
        ? [
            {
              message: `"${name}" goes to guests with vfio-pci's denylist switched off on host "${host}": by an erratum a malformed request of a guest can hang the host, and the kernel warns of "exploitable stability or security issues when accessed by untrusted users"`,
              path: ["qat", index, "disableDenylist"],
            },
          ]
        : [],
    ),
  remedy: "Give it to guests that are trusted as the host is, or to none.",
};

export const qatPassthrough: Rule = {
  id: "qat-passthrough",
  severity: "error",
  title: "Guests can have a QAT card that is given to them",
  fact,
  check: ({ qat }) =>
    qat.flatMap(({ name, host, stack, disableDenylist }, index) =>
      stack === "passthrough" && !disableDenylist
        ? [
            {
              message: `"${name}" is given to guests, and vfio-pci of host "${host}" refuses it to all of them`,
              path: ["qat", index, "stack"],
            },
          ]
        : [],
    ),
  remedy:
    "Read the warning of rule qat-denylist and set disableDenylist, or take another stack.",
};
