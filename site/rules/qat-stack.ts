import { cardOf } from "../qat";
import type { Rule } from "./finding";

export const qatStack: Rule = {
  id: "qat-stack",
  severity: "error",
  title: "The stack can drive the card, and serve who is meant to use it",
  fact: 'qatlib supports 4xxx, 420xx and 6xxx: "Earlier generations of QAT devices (e.g. c6xx, dh895xxcc, etc.) are not supported" (its README), and Debian builds its qatengine with qatlib. QAT_Engine lists the 8970 with Intel\'s QAT.L.4.x out of the tree (docs/hardware_requirements.md, software_requirements.md).',
  check: (site) =>
    site.qat.flatMap((entry, index) => {
      const { name, stack, uses, proof } = entry;
      const model = cardOf(site, entry)?.model;
      const path = ["qat", index];
      if (model !== "qat-8970") return [];
      if (stack === "qatlib")
        return [
          {
            message: `"${name}" is a QuickAssist 8970 with stack qatlib, which does not know it`,
            path: [...path, "stack"],
          },
        ];
      const byOpenssl = uses.includes("tls") || proof?.load === "openssl";
      return stack === "in-tree" && byOpenssl
        ? [
            {
              message: `"${name}" is to serve OpenSSL by the kernel's own driver, by which OpenSSL has no way to a QuickAssist 8970`,
              path: [...path, uses.includes("tls") ? "uses" : "proof"],
            },
          ]
        : [];
    }),
  remedy:
    "Take in-tree for the kernel's users (IPsec), or out-of-tree with QAT_Engine built against it for TLS.",
};
