import { z } from "zod";

export const protocol = z
  .enum(["tcp", "udp", "icmp", "any"])
  .describe("Of the IP packets.");

const port = z.int().min(1).max(65_535);

const range = z.string().refine(
  (text) => {
    const [, from, to] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
    return Number(from) >= 1 && Number(from) < Number(to) && Number(to) < 65536;
  },
  {
    error: ({ input }) =>
      /^\d+$/.test(String(input))
        ? `"${input}" is a text, write ${input} without the quotes`
        : `"${input}" is no range of ports, like 5060-5061`,
  },
);

export const ports = z
  .array(
    z.union([port, range], {
      error: ({ input }) =>
        `${JSON.stringify(input)} is no port, write 443 or a range like 5060-5061`,
    }),
  )
  .min(1);
