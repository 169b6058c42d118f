import fc from "fast-check";
import {
  formatMark,
  parseMark,
  withMark,
  withoutMark,
} from "../../providers/dynamic/owner";

const mark = { owner: "7b1f/VirtualMachine/web", id: "100" };

test("a mark is found again in any words, which stay as they were", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (words) => {
      const text = withMark(words, mark);
      expect(parseMark(text)).toEqual(mark);
      expect(withoutMark(text)).toBe(words.trim());
    }),
  );
});

test("setting a mark twice leaves one, the later", () => {
  const other = { owner: "7b1f/VirtualMachine/api", id: "101" };
  const text = withMark(withMark("words", mark), other);
  expect(text).toBe(`words\n\n${formatMark(other)}`);
});

test("text without a mark has none", () => {
  expect(parseMark(undefined)).toBeUndefined();
  expect(parseMark("<!-- hybrid-site owner= id= -->")).toBeUndefined();
});
