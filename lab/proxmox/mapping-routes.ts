import { createHash } from "node:crypto";
import { type Call, may, type Route, requirePrivilege } from "./call";
import { die } from "./failure";
import { devicesOn, mismatch } from "./mappings";
import {
  boolean,
  type Check,
  limited,
  list,
  listSeparator,
  matching,
  string,
} from "./parameters";
import { parse } from "./property-strings";
import { nodesOf } from "./status";
import type { Mapping } from "./world";

type Kind = Mapping["kind"];

const pciAddress = "[a-f0-9]{4,}:[a-f0-9]{2}:[a-f0-9]{2}(\\.[a-f0-9])?";
const vendorAndDevice = /^[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}$/;
const formats: Record<Kind, Record<string, RegExp>> = {
  pci: {
    node: /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/,
    id: vendorAndDevice,
    path: new RegExp(`^(${pciAddress};)*${pciAddress}$`),
    "subsystem-id": vendorAndDevice,
    iommugroup: /^-?\d+$/,
    description: /^.{0,4096}$/s,
  },
  usb: {
    node: /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/,
    id: vendorAndDevice,
    path: /^\d+-\d+(\.\d+)*$/,
    description: /^.{0,4096}$/s,
  },
};
const needed: Record<Kind, string[]> = {
  pci: ["id", "node", "path"],
  usb: ["id", "node"],
};

const entry =
  (kind: Kind): Check =>
  (value) => {
    const properties = parse(value, "");
    for (const [key, text] of Object.entries(properties)) {
      const format = formats[kind][key];
      if (format === undefined)
        return `invalid format - format error\n${key}: property is not defined in schema and the schema does not allow additional properties`;
      if (!format.test(text))
        return `invalid format - format error\n${key}: value does not match the regex pattern`;
    }
    const missing = needed[kind].find((key) => properties[key] === undefined);
    return missing
      ? `invalid format - format error\n${missing}: property is missing and it is not optional`
      : undefined;
  };

function digest({ world, cluster }: Call, kind: Kind): string {
  const all = [...world.mappings.values()].filter(
    (mapping) => mapping.cluster === cluster && mapping.kind === kind,
  );
  return createHash("sha1").update(JSON.stringify(all)).digest("hex");
}

function shown(call: Call, mapping: Mapping) {
  const { cluster: _cluster, kind, ...rest } = mapping;
  return { ...rest, type: kind, digest: digest(call, kind) };
}

/** What is wrong with a mapping on a node, as "check-node" asks. */
function checks(call: Call, mapping: Mapping, name: string) {
  const node =
    name === "localhost"
      ? call.contacted
      : nodesOf(call).find((item) => item.name === name);
  if (node === undefined)
    throw die(`hostname lookup '${name}' failed - failed to get address info`);
  const devices = devicesOn(mapping, node.name);
  if (devices.length === 0)
    return [
      {
        severity: "warning",
        message: `No mapping for node ${node.name}.`,
      },
    ];
  return devices.flatMap((device) => {
    const wrong = mismatch(mapping, device, call.world, node);
    return wrong
      ? [{ severity: "error", message: `Invalid configuration: ${wrong}\n` }]
      : [];
  });
}

const read = ["Mapping.Use", "Mapping.Modify", "Mapping.Audit"];

function routesOf(kind: Kind): Route[] {
  const base = `/cluster/mapping/${kind}`;
  const one = `${base}/{id}`;
  const optional: Record<string, Check> = {
    description: limited(4096),
    ...(kind === "pci"
      ? { mdev: boolean, "live-migration-capable": boolean }
      : {}),
  };
  const modify = (call: Call) =>
    requirePrivilege(
      call,
      ["/mapping", kind, ...call.places.slice(0, 1)].join("/"),
      "Mapping.Modify",
    );
  const known = (call: Call) =>
    call.world.mappings.get(`${call.cluster}/${kind}/${call.places[0]}`);
  const built = (call: Call, id: string, old?: Mapping): Mapping => {
    const { map, mdev } = call.params;
    const description = call.params.description ?? old?.description ?? "";
    const live = call.params["live-migration-capable"];
    if (map === undefined) throw die("missing value for required option 'map'");
    if (/[\r\n]/.test(description)) {
      const verb = old ? "update" : "create";
      throw die(
        `${verb} hardware mapping failed: property 'description' contains a line feed`,
      );
    }
    const { description: _description, ...rest } = old ?? {};
    // As it is read from the file again.
    const words = description.trim();
    return {
      ...rest,
      cluster: call.cluster,
      kind,
      id,
      map: map.split(listSeparator),
      ...(words ? { description: words } : {}),
      ...(mdev === undefined ? {} : { mdev: mdev === "1" ? 1 : 0 }),
      ...(live === undefined
        ? {}
        : { "live-migration-capable": live === "1" ? 1 : 0 }),
    };
  };
  return [
    {
      method: "GET",
      path: base,
      schema: { optional: { "check-node": string } },
      handle: (call) => {
        const node = call.params["check-node"];
        return [...call.world.mappings.values()]
          .filter(
            (mapping) =>
              mapping.cluster === call.cluster &&
              mapping.kind === kind &&
              may(call, `/mapping/${kind}/${mapping.id}`, ...read),
          )
          .map((mapping) => ({
            ...shown(call, mapping),
            ...(node ? { checks: checks(call, mapping, node) } : {}),
          }));
      },
    },
    {
      method: "POST",
      path: base,
      allow: modify,
      schema: {
        required: {
          id: matching(/^[A-Za-z][\w-]+$/, "configuration ID"),
          map: list(entry(kind)),
        },
        optional,
      },
      handle: (call) => {
        const { id = "" } = call.params;
        if (call.world.mappings.has(`${call.cluster}/${kind}/${id}`))
          throw die(
            `create hardware mapping failed: ${kind} ID '${id}' already defined`,
          );
        call.world.save("mappings", built(call, id));
      },
    },
    {
      method: "GET",
      path: one,
      allow: (call) =>
        requirePrivilege(call, `/mapping/${kind}/${call.places[0]}`, ...read),
      handle: (call) => {
        const mapping = known(call);
        if (mapping === undefined)
          throw die(`mapping '${call.places[0]}' not found`);
        const { id: _id, ...rest } = shown(call, mapping);
        return rest;
      },
    },
    {
      method: "PUT",
      path: one,
      allow: modify,
      schema: {
        optional: {
          ...optional,
          map: list(entry(kind)),
          delete: limited(4096),
          digest: string,
        },
      },
      handle: (call) => {
        const fail = (why: string) =>
          die(`update hardware mapping failed: ${why}`);
        const mapping = known(call);
        const given = call.params.digest;
        if (given !== undefined && given !== digest(call, kind))
          throw fail(
            "detected modified configuration - file changed by other user? Try again.",
          );
        if (mapping === undefined)
          throw fail(`${kind} ID '${call.places[0]}' does not exist`);
        const kept = { ...mapping };
        for (const key of (call.params.delete ?? "").split(/[,; ]+/)) {
          if (!key) continue;
          if (key === "map")
            throw fail("unable to delete required option 'map'");
          if (!(key in optional)) throw fail(`no such option '${key}'`);
          if (call.params[key] !== undefined)
            throw fail(
              `cannot set and delete property '${key}' at the same time!`,
            );
          delete kept[key as "description"];
        }
        call.world.save("mappings", built(call, mapping.id, kept));
      },
    },
    {
      method: "DELETE",
      path: one,
      allow: (call) =>
        requirePrivilege(call, `/mapping/${kind}`, "Mapping.Modify"),
      handle: (call) => {
        const mapping = known(call);
        if (mapping) call.world.remove("mappings", mapping);
      },
    },
  ];
}

export const mappingRoutes: Route[] = [
  {
    method: "GET",
    path: "/cluster/mapping",
    handle: () => [{ name: "pci" }, { name: "usb" }],
  },
  ...routesOf("pci"),
  ...routesOf("usb"),
];
