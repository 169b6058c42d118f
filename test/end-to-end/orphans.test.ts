import { LabCommand } from "../support/lab-command";
import { writeSite } from "../support/small-site";

jest.setTimeout(120_000);

const lab = new LabCommand();
afterAll(() => {
  delete process.env.LAB_MANIFEST;
  lab.remove();
});

test("a guest of a cluster is listed once, at the host that it is on", async () => {
  process.env.LAB_MANIFEST = writeSite(lab.folder, [], ({ proxmox, site }) => {
    site.id = "f0000000-0000-4000-8000-000000000000";
    for (const entry of proxmox.hosts) {
      if (entry.host !== "router-server") entry.cluster = "compute";
      if (entry.host === "ml110") entry.node = "pve2";
    }
  });
  const { output: none } = await lab.run("orphans");
  expect(none).toContain("No orphans.");
  for (const [node, vmid, name] of [
    ["r630", 150, "here"],
    ["pve2", 151, "there"],
  ] as const) {
    await lab.run("drift", "foreign", node, `${vmid}`, name);
    const mark = `owner=f0000000-0000-4000-8000-000000000000/VirtualMachine/${name} id=${vmid}`;
    const text = `<!-- hybrid-site ${mark} -->`;
    await lab.run("drift", "set", name, "description", text);
  }
  const { code, output } = await lab.run("orphans");
  const guests = output.split("\n").filter((line) => line.includes("guest "));
  const owner = "f0000000-0000-4000-8000-000000000000/VirtualMachine";
  expect([code, guests.sort()]).toEqual([
    0,
    [
      `ml110: guest 151 "there" of ${owner}/there`,
      `r630: guest 150 "here" of ${owner}/here`,
    ],
  ]);
  expect(output).toContain("2 carry the site's mark and are in no resource");
});
