import { markedBy } from "../../components/marked";
import { ProxmoxClient } from "../../providers/proxmox/client";
import { schema as machineSchema } from "../../providers/proxmox/virtual-machine/model";
import { published } from "../fixtures/pve-api";
import {
  bridgeInputs,
  bridgeRows,
  fullBridge,
  ownBridge,
} from "../support/host-network";
import { makeMappings } from "../support/mappings";
import { optionInputs, optionRows } from "../support/node-options";
import { mappingInputs, mappingRows } from "../support/pci-mapping";
import {
  base,
  bridges,
  machine,
  machines,
  nodeOptionsOf,
  type Provider,
  pciMappings,
  storageMounts,
  templates,
} from "../support/provider";
import { imageSum, imageUrl, type TestLab, testLab } from "../support/proxmox";
import { endpointOf, problemsOf, type Sent } from "../support/published-schema";
import { snippetHost, snippetInputs } from "../support/snippet";
import {
  mountBackends,
  mountInputs,
  mountRows,
} from "../support/storage-mount";
import { full, rows } from "../support/virtual-machine-rows";

type Values = Record<string, unknown>;

let lab: TestLab;
const seen = new Set<string>();

beforeEach(async () => {
  lab = await testLab(undefined, 1, undefined, true);
});
afterEach(() => lab.stop());

/** Each request since the last look is as the schema says. */
function expectValid(sent: Sent[] = lab.sent()): void {
  expect(sent.length).toBeGreaterThan(0);
  for (const { method, path } of sent)
    seen.add(endpointOf(published, `${method} ${path}`)?.template ?? "");
  expect(sent.flatMap((request) => problemsOf(published, request))).toEqual([]);
}

/** Makes it, changes it as each row says and back, reads it, removes it. */
async function live(
  provider: Provider,
  inputs: Values,
  changes: Values[] = [],
): Promise<void> {
  const { id, outs = {} } = await provider.create(inputs);
  let props = outs;
  for (const change of changes) {
    const news = { ...inputs, ...change };
    const { replaces = [] } = await provider.diff(id, props, news);
    if (replaces.length > 0) continue;
    props = (await provider.update(id, props, news)).outs ?? {};
  }
  props = (await provider.read(id, props)).props ?? {};
  await provider.delete(id, props);
}
const rowsOf = (table: Record<string, readonly unknown[]>): Values[] =>
  Object.entries(table).map(([key, [to]]) => ({ [key]: to }));

const merged = (changes: Values[], size: number): Values[] =>
  changes.flatMap((_, at) =>
    at % size === 0 ? [Object.assign({}, ...changes.slice(at, at + size))] : [],
  );

test("a guest with every input, each of them changed and left out", async () => {
  await makeMappings(lab);
  lab.sent();
  for (const name of ["base", "other"]) {
    const owner = `site/Template/${name}`;
    await templates(lab).create(
      base({ host: "left", node: "left", name, owner }),
    );
  }
  const { host, vmId, source, disks, ...others } = rows;
  const changes = Object.entries(others).map(([key, { to, beside }]) => ({
    [key]: to,
    ...beside,
  }));
  const optional = Object.entries(machineSchema.shape)
    .filter(([, field]) => field.safeParse(undefined).success)
    .map(([key]) => [key, undefined]);
  const bare = { ...Object.fromEntries(optional), node: "left" };
  // Several at a time, which takes less of it; disks do not shrink again.
  const grown = { ...bare, disks: disks?.to };
  await live(machines(lab), full, [...merged(changes, 5), bare, grown]);
  expectValid();
}, 60_000);

test("a guest under HA, of an image, with a slot that comes back and a disk that is kept", async () => {
  const vm = machines(lab);
  await templates(lab).create(base({ host: "left", node: "left" }));
  const managed = machine({
    host: "left",
    node: "left",
    ha: { maxRestart: 2, maxRelocate: 1 },
    agent: true,
    timeouts: { agent: 1 },
  });
  await live(vm, managed, [{ ha: { maxRestart: 3, failback: false } }]);
  const disks = {
    scsi0: { storage: "fast", size: 8, onDestroy: "destroy" },
    sata1: { storage: "fast", size: 2, onDestroy: "keep" },
  };
  const alone = machine({ disks, reboot: "never" });
  const { sata1: _, ...left } = disks;
  await live(vm, alone, [{ disks: left }, {}]);
  expectValid();
});

test("templates of an image that is there and of one that is downloaded", async () => {
  const download = { url: imageUrl, sha256: imageSum };
  const image = { storage: "local", file: "cloud-aaaaaaaa.qcow2", download };
  await live(templates(lab), base({ image }));
  await live(templates(lab), base());
  expectValid();
});

test("a bridge with every input, each of them changed and left out, and the host's own", async () => {
  const { host, node, name, gateway, ...table } = bridgeRows;
  const bare = {
    ...Object.fromEntries(
      Object.keys(fullBridge).map((key) => [key, undefined]),
    ),
    ...bridgeInputs(),
  };
  const changes = rowsOf(table).map((change) =>
    "vlanAware" in change ? { ...change, vlanIds: undefined } : change,
  );
  await live(bridges(lab), fullBridge, [...changes, bare]);
  await live(bridges(lab), ownBridge({ comments: "adopted" }));
  expectValid();
}, 60_000);

test("storages of each type, each setting made, changed and left out", async () => {
  const mounts = storageMounts(lab);
  for (const [backend, content] of mountBackends) {
    const needed =
      /^(type|path|server|export|portal|target|volumeGroup|thinPool|pool)$/;
    const bare = Object.entries(backend).filter(([key]) => needed.test(key));
    await live(mounts, mountInputs({ backend, content }), [
      { backend: Object.fromEntries(bare) },
    ]);
  }
  await live(mounts, mountInputs(), rowsOf(mountRows));
  expectValid();
}, 60_000);

test("mappings of a card, and a host's options", async () => {
  await live(pciMappings(lab), mappingInputs(), rowsOf(mappingRows));
  await live(nodeOptionsOf(lab), optionInputs(), rowsOf(optionRows));
  expectValid();
});

test("a snippet, and the list of orphans", async () => {
  const host = await snippetHost();
  try {
    await live(host.snippets, snippetInputs(), [{ content: "other\n" }]);
    await markedBy("site", host.pve.session(), "pve");
    expectValid(host.pve.sent());
  } finally {
    await host.stop();
  }
});

test("many guests at once, one of them after a lost reply", async () => {
  const match = "POST /nodes/*/qemu";
  lab.control({ do: "fault", fault: { kind: "error-after", match, count: 1 } });
  const vm = machines(lab);
  const names = ["one", "two", "three", "four", "five", "six"];
  await Promise.all(
    names.map((name) =>
      live(vm, machine({ name, owner: `site/VirtualMachine/${name}` })),
    ),
  );
  expectValid();
});

test("what PVE refuses is looked into and taken back", async () => {
  const download = { url: imageUrl, sha256: "b".repeat(64) };
  const wrong = base({ image: { storage: "local", file: "x.raw", download } });
  await expect(templates(lab).create(wrong)).rejects.toThrow("checksum");
  const second = { address: "10.0.0.2/24", gateway: "10.0.0.1", mtu: 1400 };
  const { id, outs = {} } = await bridges(lab).create(fullBridge);
  const news = { ...fullBridge, ...second, bonds: bridgeRows.bonds?.[0] };
  await expect(bridges(lab).update(id, outs, news)).rejects.toThrow(
    "Default gateway already exists",
  );
  expectValid();
});

test("a login by name and password", async () => {
  const { url = "", ca = "" } = lab.lab.endpoints.pve ?? {};
  const { password = "" } = lab.lab.root.pve ?? {};
  const client = new ProxmoxClient({
    host: "pve",
    endpoint: { url, ca },
    credential: { username: "root@pam", password },
  });
  await client.session(AbortSignal.timeout(5_000)).request("GET", "/nodes");
  await client.close();
  expectValid();
});

test("of what the table has nothing was left unsent but a container's configuration, which the lab has not", () => {
  const unsent = Object.keys(published).filter((name) => !seen.has(name));
  expect(unsent).toEqual(["GET /nodes/{node}/lxc/{vmid}/config"]);
});
