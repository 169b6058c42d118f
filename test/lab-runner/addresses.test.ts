import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as Addresses from "../../lab/addresses";

const folder = mkdtempSync(join(tmpdir(), "hybrid-site-addresses-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

process.env.LAB_DIR = folder;
const { addressAt, findPlace } =
  require("../../lab/addresses") as typeof Addresses;

const port = 28_006;
const places = (place: number) => [
  addressAt(place, "10.10.10.11", 0, port),
  addressAt(place, "10.10.20.12", 1, port),
];

test("on Linux a device has its real port and an address that ends as its management address", () => {
  expect(addressAt(77, "10.10.20.12", 1, 8006)).toEqual(
    process.platform === "linux"
      ? { host: "127.77.20.12", port: 8006 }
      : { host: "127.0.0.1", port: 18_465 },
  );
});

test("devices never share an address, with or without a management address", () => {
  const texts = [undefined, undefined, "10.10.10.11"].map((management, index) =>
    JSON.stringify(addressAt(77, management, index, port)),
  );
  expect(new Set(texts).size).toBe(3);
});

test("a lab keeps its place, unless somebody else listens on one of its addresses", async () => {
  const own = await findPlace(places);
  expect(await findPlace(places)).toBe(own);
  const other = createServer();
  await new Promise<void>((done) =>
    other.listen({ ...places(own)[1] }, () => done()),
  );
  const moved = await findPlace(places);
  expect(moved).not.toBe(own);
  await new Promise((done) => other.close(done));
  expect(await findPlace(places)).toBe(moved);
});
