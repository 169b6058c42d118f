import { Api } from "./api";
import type { TestLab } from "./proxmox";

/** PCI mappings "one" and "two", USB mappings "one" and "two", on both nodes of the pair. */
export async function makeMappings(lab: TestLab): Promise<void> {
  const root = await new Api(lab, "left").asRoot();
  const on = (map: (node: string) => string) => ["left", "right"].map(map);
  const make = async (kind: string, id: string, map: string[]) => {
    const path = `/cluster/mapping/${kind}`;
    const { status, reason } = await root.send("POST", path, { id, map });
    if (status !== 200) throw new Error(`${path}: ${reason}`);
  };
  for (const [index, id] of ["one", "two"].entries()) {
    const card = `0000:0${1 + index}:00.0`;
    await make(
      "pci",
      id,
      on(
        (node) =>
          `node=${node},path=${card},id=10de:1eb8,iommugroup=${20 + index}`,
      ),
    );
    await make(
      "usb",
      id,
      on((node) => `node=${node},id=1050:040${7 + index}`),
    );
  }
  const pool = async (poolid: string) =>
    root.send("POST", "/pools", { poolid });
  await pool("one");
  await pool("two");
}
