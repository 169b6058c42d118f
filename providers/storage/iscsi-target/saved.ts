import { z } from "zod";
import type { AuthKey, StorageObject, Target } from "./wanted";

const values = z
  .record(z.string(), z.union([z.string(), z.number()]))
  .default({});

/** The library's form, as far as it is read here; what else is in it is none of ours. */
const form = z.object({
  storage_objects: z
    .array(
      z.object({
        name: z.string(),
        plugin: z.string(),
        dev: z.string().optional(),
        wwn: z.string().optional(),
        readonly: z.boolean().optional(),
      }),
    )
    .default([]),
  targets: z
    .array(
      z.object({
        wwn: z.string(),
        fabric: z.string(),
        tpgs: z
          .array(
            z.object({
              tag: z.int(),
              enable: z.boolean().default(true),
              attributes: values,
              parameters: z.record(z.string(), z.string()).default({}),
              luns: z
                .array(z.object({ index: z.int(), storage_object: z.string() }))
                .default([]),
              portals: z
                .array(z.object({ ip_address: z.string(), port: z.int() }))
                .default([]),
              node_acls: z
                .array(
                  z.object({
                    node_wwn: z.string(),
                    attributes: values,
                    mapped_luns: z
                      .array(
                        z.object({
                          index: z.int(),
                          tpg_lun: z.int(),
                          write_protect: z.boolean().default(false),
                        }),
                      )
                      .default([]),
                    chap_userid: z.string().optional(),
                    chap_password: z.string().optional(),
                    chap_mutual_userid: z.string().optional(),
                    chap_mutual_password: z.string().optional(),
                  }),
                )
                .default([]),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

type Form = z.output<typeof form>;
type Group = Form["targets"][number]["tpgs"][number];

/** What a machine serves, or what it has saved to serve after its next start. */
export interface Configuration {
  objects: (StorageObject & { plugin: string })[];
  targets: Target[];
  /** Portal groups beside the first, "IQN tpg2". */
  groups: string[];
  /** LUNs of every target, of any fabric: "IQN LUN OBJECT". */
  served: { iqn: string; index: number; object: string }[];
  /** Whatever else of a target would be forgotten if it were saved without it, in words. */
  parts: { iqn: string; what: string }[];
}

/** Throws when it is not what the library writes; never with a word of it: there are secrets in it. */
export function parseConfiguration(text: string): Configuration {
  const { storage_objects: objects, targets } = formOf(text);
  const known = objects.map(
    ({ name, plugin, dev = "", wwn = "", readonly = false }) => ({
      name,
      plugin,
      dev,
      wwn,
      readonly,
    }),
  );
  const groups = targets.flatMap(({ wwn, tpgs }) =>
    tpgs.map((group) => ({ iqn: wwn, group })),
  );
  return {
    objects: known,
    targets: targets
      .filter(({ fabric }) => fabric === "iscsi")
      .map(({ wwn, tpgs }) => targetFrom(wwn, tpgs, known)),
    groups: groups
      .filter(({ group }) => group.tag !== 1)
      .map(({ iqn, group }) => `${iqn} tpg${group.tag}`),
    served: groups.flatMap(({ iqn, group }) =>
      group.luns.map(({ index, storage_object: path }) => ({
        iqn,
        index,
        object: nameIn(path),
      })),
    ),
    parts: groups.flatMap(({ iqn, group }) =>
      partsOf(group).map((what) => ({
        iqn,
        what: `${what} of ${iqn}${group.tag === 1 ? "" : ` tpg${group.tag}`}`,
      })),
    ),
  };
}

/** Never with a secret. */
function partsOf(group: Group): string[] {
  return [
    ...(group.enable ? ["enabled state"] : []),
    ...(Number(group.attributes.authentication ?? 0) === 1
      ? ["authentication"]
      : []),
    ...group.portals.map(
      ({ ip_address: address, port }) => `portal ${address}:${port}`,
    ),
    ...group.node_acls.flatMap((acl) => [
      `initiator ${acl.node_wwn}`,
      ...acl.mapped_luns.map(({ index }) => `LUN ${index} for ${acl.node_wwn}`),
      ...(acl.chap_password ? [`CHAP for ${acl.node_wwn}`] : []),
      ...(acl.chap_mutual_password ? [`mutual CHAP for ${acl.node_wwn}`] : []),
    ]),
  ];
}

function formOf(text: string): Form {
  try {
    return form.parse(JSON.parse(text));
  } catch {
    throw new Error("it is not what targetctl writes");
  }
}

function targetFrom(
  iqn: string,
  groups: readonly Group[],
  objects: Configuration["objects"],
): Target {
  const group = groups.find(({ tag }) => tag === 1);
  const luns = (group?.luns ?? []).map(({ index, storage_object: path }) => ({
    index,
    object: nameIn(path),
  }));
  const own = luns.flatMap(
    ({ object }) => objects.find(({ name }) => name === object) ?? [],
  );
  const isOn = (key: string) => Number(group?.attributes[key] ?? 0) === 1;
  return {
    iqn,
    alias: group?.parameters.TargetAlias ?? "",
    enable: group?.enable ?? false,
    authentication: isOn("authentication"),
    generatesAcls: isOn("generate_node_acls"),
    portals: (group?.portals ?? []).map(({ ip_address: address, port }) => ({
      address: address.replace(/^\[(.*)\]$/, "$1"),
      port,
    })),
    luns,
    objects: own.map(({ plugin: _plugin, ...object }) => object),
    acls: (group?.node_acls ?? []).map((acl) => ({
      iqn: acl.node_wwn,
      authentication: Number(acl.attributes.authentication ?? -1) !== 0,
      mapped: acl.mapped_luns.map((item) => ({
        index: item.index,
        tpgLun: item.tpg_lun,
        writeProtect: item.write_protect,
      })),
      auth: authFrom({
        userid: acl.chap_userid,
        password: acl.chap_password,
        userid_mutual: acl.chap_mutual_userid,
        password_mutual: acl.chap_mutual_password,
      }),
    })),
  };
}

function authFrom(
  values: Record<AuthKey, string | undefined>,
): Partial<Record<AuthKey, string>> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value),
  );
}

const nameIn = (path: string) => path.split("/").at(-1) ?? "";
