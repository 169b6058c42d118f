import type { Summary } from "../../lab/proxmox";
import {
  base,
  machine,
  machines,
  type Provider,
  templates,
} from "../support/provider";
import { imageSum, imageUrl, type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
let template: Provider;

beforeEach(async () => {
  lab = await testLab();
  template = templates(lab);
});
afterEach(() => lab.stop());

const node = () =>
  lab.control<Summary>({ do: "summary" }).find((item) => item.node === "pve");
const downloaded = base({
  image: {
    storage: "local",
    file: "cloud-aaaaaaaa.qcow2",
    download: { url: imageUrl, sha256: imageSum },
  },
});

test("an image is downloaded, checked and made a template, and then quiet", async () => {
  const { id, outs } = await template.create(downloaded);
  expect(node()?.guests).toMatchObject([
    { vmid: Number(id), name: "base", template: true },
  ]);
  const { props } = await template.read(id, outs ?? {});
  expect((await template.diff(id, props ?? {}, downloaded)).changes).toBe(
    false,
  );
});

test("delete takes the download with it, and leaves a file that somebody placed", async () => {
  const { id, outs } = await template.create(downloaded);
  await template.delete(id, outs ?? {});
  expect(node()?.guests).toEqual([]);
  expect(node()?.volumes.map(({ volid }) => volid)).toEqual([
    "local:import/placed.raw",
  ]);
});

test("a wrong checksum fails with both sums, and leaves no file", async () => {
  const wrong = base({
    image: {
      storage: "local",
      file: "x.qcow2",
      download: { url: imageUrl, sha256: "b".repeat(64) },
    },
  });
  await expect(template.create(wrong)).rejects.toThrow(
    `checksum mismatch: got '${imageSum}' != expect '${"b".repeat(64)}'`,
  );
  expect(node()?.volumes).toHaveLength(1);
});

test("an address that has nothing fails with what it was", async () => {
  const gone = base({
    image: {
      storage: "local",
      file: "x.qcow2",
      download: { url: "https://images.example/gone", sha256: imageSum },
    },
  });
  await expect(template.create(gone)).rejects.toThrow(
    "download of https://images.example/gone failed: download failed: wget: server returned error: HTTP/1.1 404 Not Found",
  );
});

test("a file that nobody placed is told with where it belongs", async () => {
  await expect(
    template.create(base({ image: { storage: "local", file: "gone.raw" } })),
  ).rejects.toThrow(
    'host "pve" has no image local:import/gone.raw. Place the file',
  );
});

test("a creation cut short between import and conversion is finished by the next", async () => {
  lab.control({
    do: "fault",
    fault: { kind: "task-fail", match: "qmtemplate", count: 1 },
  });
  const failure = (await template
    .create(base())
    .catch((error: unknown) => error)) as {
    id: string;
    properties: Record<string, unknown>;
  };
  expect(node()?.guests).toMatchObject([{ template: false }]);
  await template.update(failure.id, failure.properties, base());
  expect(node()?.guests).toMatchObject([{ template: true }]);
  const { id } = await template.create(base());
  expect(id).toBe(failure.id);
});

test("another image is another template, a new name is not", async () => {
  const { id, outs } = await template.create(base());
  expect(await template.diff(id, outs ?? {}, downloaded)).toMatchObject({
    changes: true,
    replaces: ["image"],
    deleteBeforeReplace: true,
  });
  const renamed = base({ name: "other" });
  expect(await template.diff(id, outs ?? {}, renamed)).toMatchObject({
    changes: true,
    replaces: [],
  });
  await template.update(id, outs ?? {}, renamed);
  expect(node()?.guests).toMatchObject([{ name: "other", template: true }]);
});

test("a template with linked clones is not deleted, and says why", async () => {
  const { id, outs } = await template.create(base());
  const vm = machines(lab);
  await vm.create(machine({ source: { template: "base", full: false } }));
  await expect(template.delete(id, outs ?? {})).rejects.toThrow(
    "is still in use by linked clone",
  );
  expect(node()?.guests).toHaveLength(2);
});
