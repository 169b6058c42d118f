import {
  type SnippetHost,
  snippetHost,
  snippetInputs,
} from "../support/snippet";

jest.setTimeout(120_000);

let host: SnippetHost;
beforeEach(async () => {
  host = await snippetHost();
});
afterEach(() => host.stop());

const path = "/var/lib/vz/snippets/web.yaml";
const content = "#cloud-config\npackages: [nginx]\n";

async function create(inputs = snippetInputs()) {
  const { id, outs } = await host.snippets.create(inputs);
  return { id, props: outs ?? {} };
}

async function isQuiet(
  id: string,
  props: Record<string, unknown>,
  inputs: Record<string, unknown>,
) {
  const found = await host.snippets.read(id, props);
  expect(found.props).toEqual(props);
  const { changes } = await host.snippets.diff(id, found.props ?? {}, inputs);
  return changes === false;
}

test("a snippet lies where PVE looks for it, and then it is quiet; deletion leaves nothing", async () => {
  const { id, props } = await create();
  expect(id).toBe("local:snippets/web.yaml");
  expect(props).toMatchObject({ volumeId: id, path, adopted: false });
  expect(host.text(path)).toBe(content);
  expect(host.rights(path).mode).toBe("0644");
  expect(await isQuiet(id, props, snippetInputs())).toBe(true);
  await host.snippets.delete(id, props);
  expect(host.text(path)).toBeUndefined();
  expect(host.text("/var/lib/hybrid-site/snippet:web/manifest.json")).toBe(
    undefined,
  );
  expect(await host.snippets.read(id, props)).toEqual({});
});

const changes: Record<string, [unknown, string | undefined, string[]]> = {
  owner: ["site/Snippet/other", content, []],
  host: ["other", undefined, ["host"]],
  name: ["other", undefined, ["name"]],
  storage: ["other", undefined, ["storage"]],
  file: ["other.yaml", undefined, ["file"]],
  content: ["#cloud-config\n", "#cloud-config\n", []],
  adopt: [true, content, []],
  timeouts: [{ update: 100 }, content, []],
};

test.each(Object.keys(changes))(
  "a change of %s is seen, made and then quiet",
  async (key) => {
    const [value, text, replaces] = changes[key] ?? [];
    const { id, props } = await create();
    const news = snippetInputs({ [key]: value });
    expect(await host.snippets.diff(id, props, news)).toMatchObject({
      changes: true,
      replaces,
    });
    if (replaces?.length) return;
    const { outs = {} } = await host.snippets.update(id, props, news);
    expect(host.text(path)).toBe(text);
    expect(await isQuiet(id, outs, news)).toBe(true);
  },
);

test("the table above has a row for each input, beside the secret one", async () => {
  const { schema } = await import("../../providers/proxmox/snippet/model");
  const keys = [...Object.keys(changes), "secretContent"];
  expect(keys.sort()).toEqual(Object.keys(schema.shape).sort());
});

test("a secret is for root only, and neither drift nor an error shows it", async () => {
  const secretContent = "#cloud-config\npassword: CANARY-hunter2\n";
  const inputs = snippetInputs({ content: undefined, secretContent });
  const { id, props } = await create(inputs);
  expect(host.text(path)).toBe(secretContent);
  expect(host.rights(path).mode).toBe("0600");
  expect(await isQuiet(id, props, inputs)).toBe(true);
  host.put(path, "CANARY-theirs");
  const found = await host.snippets.read(id, props);
  expect(JSON.stringify(found)).not.toContain("CANARY");
  await host.snippets.update(id, found.props ?? {}, inputs);
  expect(host.text(path)).toBe(secretContent);
  expect(host.ssh.commands().join("\n")).not.toContain("CANARY");
});

test.each<[string, () => void]>([
  ["the content", () => host.put(path, "theirs")],
  ["the rights", () => host.chmod(path, "0600")],
])(
  "drift of %s is read, and mended by the next update",
  async (_what, drift) => {
    const { id, props } = await create();
    drift();
    const found = await host.snippets.read(id, props);
    const { changes } = await host.snippets.diff(
      id,
      found.props ?? {},
      snippetInputs(),
    );
    expect(changes).toBe(true);
    await host.snippets.update(id, found.props ?? {}, snippetInputs());
    expect(host.text(path)).toBe(content);
    expect(host.rights(path).mode).toBe("0644");
  },
);

test("a storage that is not for snippets, keeps no files or is not there is refused with the remedy", async () => {
  await host.pve.session().request("PUT", "/storage/local", { content: "iso" });
  await expect(create()).rejects.toThrow(
    'Unable to create Snippet "web": storage "local" on host "pve" is not for snippets (content iso). Allow them: "pvesm set local --content iso,snippets" on the host, or "snippets" in the content of its StorageMount',
  );
  await expect(create(snippetInputs({ storage: "fast" }))).rejects.toThrow(
    'storage "fast" on host "pve" is of type zfspool, which keeps no files. Choose one of type dir or nfs',
  );
  await expect(create(snippetInputs({ storage: "none" }))).rejects.toThrow(
    'host "pve" has no storage "none"',
  );
  await host.pve.session().request("PUT", "/storage/local", {
    content: "snippets",
    disable: 1,
  });
  await expect(create()).rejects.toThrow(
    'storage "local" on host "pve" is disabled',
  );
  expect(host.text(path)).toBeUndefined();
});

test("a file that stands there is refused unless it is adopted, and then it comes back", async () => {
  host.put(path, "theirs");
  await expect(create()).rejects.toThrow(`${path} is there already`);
  const { id, props } = await create(snippetInputs({ adopt: true }));
  expect(props.adopted).toBe(true);
  await host.snippets.delete(id, props);
  expect(host.text(path)).toBe("theirs");
});

test("a snippet that a guest has is not removed", async () => {
  const inputs = snippetInputs({ file: "one.yaml" });
  const { id, props } = await create(inputs);
  const session = host.pve.session();
  const upid = await session.request<string>("POST", "/nodes/pve/qemu", {
    vmid: 100,
    name: "web",
    cicustom: "vendor=local:snippets/one.yaml",
  });
  // PVE makes it in a task, after its reply.
  const status = `/nodes/pve/tasks/${encodeURIComponent(upid)}/status`;
  const isDone = async () =>
    (await session.request<{ status: string }>("GET", status)).status ===
    "stopped";
  while (!(await isDone())) await new Promise((next) => setTimeout(next, 20));
  await expect(host.snippets.delete(id, props)).rejects.toThrow(
    'guest 100 "web" could not start without local:snippets/one.yaml',
  );
  expect(host.text("/var/lib/vz/snippets/one.yaml")).toBe(content);
});
