import type { Rule } from "./finding";

export const qatExclusive: Rule = {
  id: "qat-exclusive",
  severity: "error",
  title: "A QAT card is the host's or the guests', and stands once",
  fact: 'With virtual functions the kernel enables all of an endpoint\'s ("all the VFs supported in hardware must be enabled") and sets its own instances to 0 (Linux, drivers/crypto/intel/qat/qat_common/adf_sriov.c).',
  check: ({ qat }) =>
    qat.flatMap(({ name, host, card, stack, uses, proof }, index) => {
      const path = ["qat", index];
      const other = qat
        .slice(0, index)
        .find((item) => item.host === host && item.card === card);
      return [
        ...(other
          ? [
              {
                message: `"${name}" is card "${card}" of host "${host}", as "${other.name}" is`,
                path: [...path, "card"],
                remedy: "Name each card once.",
              },
            ]
          : []),
        ...(stack === "passthrough" && (uses.length > 0 || proof)
          ? [
              {
                message: `"${name}" is given to guests, and is to be used by host "${host}" too`,
                path: [...path, uses.length > 0 ? "uses" : "proof"],
              },
            ]
          : []),
      ];
    }),
  remedy: "Drop the host's use, or take another stack.",
};
