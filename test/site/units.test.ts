import fc from "fast-check";
import { contains, overlap } from "../../site/schema/address";
import { parseQuantity } from "../../site/schema/units";

test("a size is its number times its unit, and nothing else is one", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9_999 }),
      fc.constantFrom("MiB", "GiB", "TiB"),
      (count, unit) => {
        const factor = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }[unit] ?? 0;
        expect(parseQuantity(`${count}${unit}`, "size")).toBe(count * factor);
        expect(parseQuantity(`${count} ${unit}`, "size")).toBeUndefined();
        expect(parseQuantity(`${count}${unit}`, "rate")).toBeUndefined();
      },
    ),
  );
  expect(parseQuantity("1Gbit", "rate")).toBe(1e9);
  expect(parseQuantity("5s", "duration")).toBe(5_000);
});

test("bytes have no parts, and decimal fractions are as they are written", () => {
  expect(parseQuantity("0.5GiB", "size")).toBe(2 ** 29);
  expect(parseQuantity("0.3GiB", "size")).toBeUndefined();
  expect(parseQuantity("0.3KiB", "block")).toBeUndefined();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999_999 }), (thousandths) => {
      const text = `${thousandths / 1_000}TB`;
      expect(parseQuantity(text, "capacity")).toBe(thousandths * 1e9);
    }),
  );
});

const network = fc
  .tuple(fc.nat(0xffffffff), fc.integer({ min: 8, max: 30 }))
  .map(([address, length]) => {
    const first = (address & (0xffffffff << (32 - length))) >>> 0;
    return {
      text: `${dotted(first)}/${length}`,
      first,
      last: first + 2 ** (32 - length) - 1,
    };
  });

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

test("two networks overlap when they share an address", () => {
  fc.assert(
    fc.property(network, network, (left, right) => {
      const shared = left.first <= right.last && right.first <= left.last;
      expect(overlap(left.text, right.text)).toBe(shared);
    }),
  );
});

test("a network contains its first and last address, and not those beside", () => {
  fc.assert(
    fc.property(network, ({ text, first, last }) => {
      expect(contains(text, dotted(first))).toBe(true);
      expect(contains(text, dotted(last))).toBe(true);
      if (last < 0xffffffff)
        expect(contains(text, dotted(last + 1))).toBe(false);
    }),
  );
});
