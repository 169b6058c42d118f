import { ticketSchema } from "../../lab/proxmox/login";
import { findRoute } from "../../lab/proxmox/routes";
import { published } from "../fixtures/pve-api";
import { type Format, problemsOf } from "../support/published-schema";

const config = "PUT /nodes/pve/qemu/100/config";

test.each<[string, Record<string, string>, string]>([
  ["GET /nodes/pve/qemus", {}, "is not in the schema"],
  ["PATCH /nodes/pve/time", {}, "is not in the schema"],
  ["GET /nodes/-/time", {}, '{node}: "-" is no pve-node'],
  [config, { coers: "2" }, "coers: is not in the schema"],
  ["POST /nodes/pve/qemu", {}, "vmid: is missing"],
  [config, { force: "1" }, "force: requires delete"],
  [config, { cores: "two" }, 'cores: "two" is no integer'],
  [config, { numa: "yes" }, 'numa: "yes" is no boolean'],
  [config, { cores: "0" }, "cores: 0 is less than 1"],
  [config, { cpulimit: "129" }, "cpulimit: 129 is more than 128"],
  [config, { bios: "efi" }, 'bios: "efi" is none of seabios ovmf'],
  [config, { serial0: "tty" }, 'serial0: "tty" does not match'],
  [config, { digest: "a".repeat(41) }, "digest: is longer than 40"],
  [config, { name: "a_b" }, 'name: "a_b" is no dns-name'],
  [config, { tags: "a;b c;-" }, 'tags: "-" is no pve-tag'],
  [config, { cores: "1\x002" }, "cores: is sent more than once"],
  [config, { delete: "cores,coers" }, 'delete: "coers" is not in the schema'],
  [config, { net0: "virtio,vlan=3" }, 'net0: "vlan=3" has no key'],
  [config, { net0: "bridge=vmbr0" }, "net0.model: is missing"],
  [config, { net0: "virtio,tag=4095" }, "net0.tag: 4095 is more than 4094"],
  [config, { scsi0: "fast:8,cache=all" }, 'scsi0.cache: "all" is none of'],
  [config, { scsi0: "8" }, 'scsi0.file: "8" is no pve-volume-id-or-qm-path'],
  [config, { ipconfig0: "ip=10.0.0.1" }, "is no pve-ipv4-config"],
  [
    "PUT /cluster/mapping/pci/wan",
    { map: "node=pve,path=0000:01:00.0\0node=pve,id=8086:1521,path=x" },
    "map.id: is missing",
  ],
])("%s with %j is told: %s", (name, params, problem) => {
  const [method = "", path = ""] = name.split(" ");
  const problems = problemsOf(published, { method, path, params });
  expect(problems.join("\n")).toContain(problem);
  expect(problems.every((line) => line.startsWith(`${name}: `))).toBe(true);
});

const routes = Object.entries(published).filter(
  ([name]) => !name.includes("/lxc/"),
);

function labSchema(name: string) {
  const [method = "", path = ""] = name.split(" ");
  const isLogin = name === "POST /access/ticket";
  const schema = isLogin ? ticketSchema : findRoute(method, path).route.schema;
  const { required = {}, optional = {} } = schema ?? {};
  return { required, all: { ...required, ...optional } };
}
/** What the lab's Proxmox VE 9.1 and later have, and 9.0 had not. */
const later =
  /^(allow-ksm|ha-managed|intel-tdx|nets-host-mtu|saferemove-stepsize)$/;
const laterHere: Record<string, string[]> = {
  "DELETE /cluster/ha/resources/{sid}": ["purge"],
};
/** "net[n]" stands for net0. */
const one = (key: string) => key.replace("[n]", "0");

test.each(routes)("the lab's %s takes what is published", (name, table) => {
  const { required, all } = labSchema(name);
  const keys = Object.keys(table).map(one);
  expect({
    name,
    refused: keys.filter((key) => !(key in all)),
    unpublished: Object.keys(all).filter(
      (key) =>
        !(key in table) &&
        !(key.replace(/\d+$/, "[n]") in table) &&
        !later.test(key) &&
        !laterHere[name]?.includes(key),
    ),
    required: Object.keys(required).sort(),
  }).toEqual({
    name,
    refused: [],
    unpublished: [],
    required: Object.keys(table)
      .filter((key) => table[key]?.required)
      .sort(),
  });
});

const strings = routes.flatMap(([name, table]) =>
  Object.entries(table).flatMap(([key, { format }]) =>
    typeof format === "object" ? [[name, one(key), format] as const] : [],
  ),
);

test.each(strings)(
  "the lab's %s knows each key of %s",
  (name, parameter, format: Format) => {
    const check = labSchema(name).all[parameter];
    const unknown = Object.keys(format).filter((key) =>
      /invalid key|not defined in schema/.test(
        check?.(`${key}=1`, parameter) ?? "",
      ),
    );
    expect(unknown).toEqual([]);
  },
);
