import { isIP } from "node:net";

/** Widest networks that an export may go to: none is the world. */
const widest = { 4: 8, 6: 16 } as const;

/** What is wrong with a client; undefined: nothing. */
export function clientProblem(client: string): string | undefined {
  const [address = "", length, ...rest] = client.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || address.includes("%")) {
    return `"${client}" must be an address or a network (10.1.2.0/24): a name is whatever DNS says, and * is everybody`;
  }
  if (address !== address.toLowerCase())
    return `"${client}" must be in lower case`;
  if (length === undefined) return undefined;
  const bits = family === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits)
    return `"${client}" must have a prefix length of at most ${bits}`;
  const least = widest[family as 4 | 6];
  if (Number(length) < least)
    return `"${client}" is wider than /${least}: name the storage network`;
  const value = numberOf(address, family);
  const hostBits = BigInt(bits - Number(length));
  if ((value >> hostBits) << hostBits !== value)
    return `"${client}" must be the network itself, without bits of a host`;
  return undefined;
}

function numberOf(address: string, family: number): bigint {
  if (family === 4) {
    return address
      .split(".")
      .reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  }
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [left, right] = [groups(head), groups(tail ?? "")];
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(gap).fill("0"), ...right].reduce(
    (sum, group) => sum * 65536n + BigInt(`0x${group}`),
    0n,
  );
}
