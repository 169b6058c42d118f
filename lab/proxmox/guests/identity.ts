import { createHash, randomBytes } from "node:crypto";
import type { World } from "../world";

/** Bytes for an identity: random, or with a seed the same for the same parts. */
function bytesFor(world: World, parts: (string | number)[]): Buffer {
  if (world.seed === undefined) return randomBytes(16);
  const hash = createHash("sha256").update([world.seed, ...parts].join("\0"));
  return hash.digest().subarray(0, 16);
}

/** In the range of Proxmox's own vendor number. */
export function newMac(world: World, ...parts: (string | number)[]): string {
  const tail = [...bytesFor(world, ["mac", ...parts])].slice(0, 3);
  const octets = tail.map((byte) => byte.toString(16).padStart(2, "0"));
  return ["BC", "24", "11", ...octets].join(":").toUpperCase();
}

export function newUuid(world: World, ...parts: (string | number)[]): string {
  const bytes = bytesFor(world, ["uuid", ...parts]);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const alphabet =
  "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const rounds = 5_000;

/** crypt(3) with SHA-256, as PVE keeps a guest's password; what is a hash already stays. */
export function cryptPassword(
  world: World,
  password: string,
  ...parts: (string | number)[]
): string {
  if (/^\$(?:[156]|2[ay])(\$.+){2}/.test(password)) return password;
  const salt = [...bytesFor(world, ["salt", ...parts])]
    .slice(0, 8)
    .map((byte) => alphabet[byte % 64])
    .join("");
  return `$5$${salt}$${sha256Crypt(Buffer.from(password), Buffer.from(salt))}`;
}

function sha256Crypt(key: Buffer, salt: Buffer): string {
  const sum = (...parts: Buffer[]) =>
    createHash("sha256").update(Buffer.concat(parts)).digest();
  const fill = (from: Buffer, length: number) =>
    Buffer.alloc(length, from.subarray(0, 32));
  const alternate = sum(key, salt, key);
  const start = [key, salt, fill(alternate, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1)
    start.push(bits & 1 ? alternate : key);
  let digest = sum(...start);
  const keys = fill(sum(...Array<Buffer>(key.length).fill(key)), key.length);
  const repeats = 16 + (digest[0] ?? 0);
  const salts = fill(sum(...Array<Buffer>(repeats).fill(salt)), salt.length);
  for (let round = 0; round < rounds; round++) {
    const parts = [round & 1 ? keys : digest];
    if (round % 3) parts.push(salts);
    if (round % 7) parts.push(keys);
    digest = sum(...parts, round & 1 ? digest : keys);
  }
  return encode(digest);
}

/** Groups of three bytes, in the order that crypt(3) takes them. */
function encode(digest: Buffer): string {
  const byte = (index: number) => digest[index] ?? 0;
  const text = (value: number, length: number) =>
    Array.from(
      { length },
      (_, index) => alphabet[(value >> (6 * index)) & 63],
    ).join("");
  const starts = [0, 10, 20];
  let result = "";
  for (let group = 0; group < 10; group++) {
    const [a = 0, b = 0, c = 0] = starts.map(
      (_, index) => group + (starts[(index + 2 * group) % 3] ?? 0),
    );
    result += text((byte(a) << 16) | (byte(b) << 8) | byte(c), 4);
  }
  return result + text((byte(31) << 8) | byte(30), 3);
}
