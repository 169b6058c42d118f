import {
  type Acl,
  type AuthKey,
  authKeys,
  type StorageObject,
  type Target,
} from "./wanted";

/** One change on the machine. */
export type Step = {
  /** Who loses what by it, when somebody is logged in; "": every initiator. */
  takes?: { from: string; what: string };
} & (
  | { run: string[] }
  | { initiator: string; key: AuthKey; value: string | undefined }
);

/**
 * From what is to what is to be, in an order in which nothing is reachable
 * before it is guarded: portals that nobody asked for go first, and those that
 * were asked for come last. Empty: it is so.
 */
export function stepsTo(
  wanted: Target,
  live: Target | undefined,
  objects: readonly StorageObject[],
  /** Backstores of ours that no LUN may have any more. */
  former: readonly StorageObject[] = [],
): Step[] {
  const now = live ?? newTarget(wanted.iqn);
  const group = `/iscsi/${wanted.iqn}/tpg1`;
  return [
    ...(live ? [] : creation(wanted.iqn)),
    ...portalsGone(wanted, live, group),
    ...guards(wanted, now, group),
    ...gone(wanted, now, objects, former, group),
    ...made(wanted, now, objects, group),
    ...portalsMade(wanted, now, group),
  ];
}

/** A target and its backstores are to be no more; never a volume. */
export function stepsAway(
  live: Target | undefined,
  former: readonly StorageObject[],
  isShared: (object: string) => boolean,
): Step[] {
  const takes = { from: "", what: "the target" };
  const names = [...(live?.objects ?? []), ...former].map(({ name }) => name);
  return [
    ...(live ? [{ run: ["/iscsi", "delete", live.iqn], takes }] : []),
    ...[...new Set(names)]
      .filter((name) => !isShared(name))
      .map((name) => ({ run: deletion(name) })),
  ];
}

/** Those of `meant` that are there just so. */
export function present(
  meant: readonly StorageObject[],
  objects: readonly StorageObject[],
): StorageObject[] {
  return meant.filter((object) =>
    objects.some(
      (other) => other.name === object.name && isEqual(other, object),
    ),
  );
}

function newTarget(iqn: string): Target {
  return {
    iqn,
    alias: "",
    enable: true,
    authentication: false,
    generatesAcls: false,
    portals: [],
    luns: [],
    objects: [],
    acls: [],
  };
}

/** Bare; what it has then has to be looked at: a portal may have come by itself. */
export function creation(iqn: string): Step[] {
  return [
    { run: ["set", "global", "auto_add_default_portal=false"] },
    { run: ["/iscsi", "create", iqn] },
  ];
}

type Address = Target["portals"][number];
const isSame = (one: Address) => (other: Address) =>
  one.address === other.address && one.port === other.port;

function portalsGone(
  wanted: Target,
  live: Target | undefined,
  group: string,
): Step[] {
  return (live?.portals ?? [])
    .filter((item) => !wanted.portals.some(isSame(item)))
    .map(({ address, port }) => ({
      run: [`${group}/portals`, "delete", address, `${port}`],
      // Sessions go on, and cannot come back. Of one on every address they
      // can, by a declared one.
      ...(isEverywhere(address)
        ? {}
        : { takes: { from: "", what: `portal ${address}:${port}` } }),
    }));
}

const isEverywhere = (address: string) => /^(0\.0\.0\.0|[0:]+)$/.test(address);

function portalsMade(wanted: Target, now: Target, group: string): Step[] {
  return [
    ...wanted.portals
      .filter((item) => !now.portals.some(isSame(item)))
      .map(({ address, port }) => ({
        run: [`${group}/portals`, "create", address, `${port}`],
      })),
    ...(wanted.enable === now.enable
      ? []
      : [{ run: [group, wanted.enable ? "enable" : "disable"] }]),
  ];
}

function guards(wanted: Target, now: Target, group: string): Step[] {
  const flag = (on: boolean) => (on ? 1 : 0);
  const isGuarded =
    wanted.authentication === now.authentication &&
    wanted.generatesAcls === now.generatesAcls;
  return [
    // First: without it the rest would be nobody's.
    ...(wanted.alias === now.alias
      ? []
      : [
          {
            run: [group, "set", "parameter", `TargetAlias=${wanted.alias}`],
          },
        ]),
    ...(isGuarded
      ? []
      : [
          {
            run: [
              group,
              "set",
              "attribute",
              `authentication=${flag(wanted.authentication)}`,
              `generate_node_acls=${flag(wanted.generatesAcls)}`,
            ],
          },
        ]),
    ...now.acls.flatMap(({ iqn, authentication }) => {
      const other = wanted.acls.find((item) => item.iqn === iqn);
      return other && other.authentication !== authentication
        ? [asking(group, other)]
        : [];
    }),
  ];
}

/** -1: as the target does, which is how the kernel makes an ACL. */
function asking(group: string, { iqn, authentication }: Acl): Step {
  return {
    run: [
      `${group}/acls/${iqn}`,
      "set",
      "attribute",
      `authentication=${authentication ? -1 : 0}`,
    ],
  };
}

function gone(
  wanted: Target,
  now: Target,
  objects: readonly StorageObject[],
  former: readonly StorageObject[],
  group: string,
): Step[] {
  const steps: Step[] = [];
  const stays = new Set(keptLuns(wanted, now));
  for (const acl of now.acls) {
    const place = `${group}/acls/${acl.iqn}`;
    const other = wanted.acls.find(({ iqn }) => iqn === acl.iqn);
    if (other === undefined) {
      const takes = { from: acl.iqn, what: "its way in" };
      steps.push({ run: [`${group}/acls`, "delete", acl.iqn], takes });
      continue;
    }
    for (const item of acl.mapped) {
      if (other.mapped.some(isMapped(item)) && stays.has(item.tpgLun)) continue;
      const takes = { from: acl.iqn, what: `LUN ${item.index}` };
      steps.push({ run: [place, "delete", `${item.index}`], takes });
    }
  }
  for (const { index } of now.luns) {
    if (stays.has(index)) continue;
    const takes = { from: "", what: `LUN ${index}` };
    steps.push({ run: [`${group}/luns`, "delete", `${index}`], takes });
  }
  const left = new Set(
    now.luns.filter(({ index }) => stays.has(index)).map((item) => item.object),
  );
  const candidates = [...now.objects, ...objects];
  const names = new Set([
    ...now.objects.map(({ name }) => name),
    ...wanted.objects.map(({ name }) => name),
    ...former.map(({ name }) => name),
  ]);
  for (const name of names) {
    const object = candidates.find((item) => item.name === name);
    const to = wanted.objects.find((item) => item.name === name);
    if (object === undefined || left.has(name)) continue;
    if (to === undefined || !isEqual(to, object))
      steps.push({ run: deletion(name) });
  }
  return steps;
}

function made(
  wanted: Target,
  now: Target,
  objects: readonly StorageObject[],
  group: string,
): Step[] {
  const steps: Step[] = [];
  for (const object of wanted.objects) {
    const there = objects.find(({ name }) => name === object.name);
    if (there && isEqual(object, there)) continue;
    const { name, dev, wwn, readonly } = object;
    steps.push({
      run: [
        "/backstores/block",
        "create",
        `name=${name}`,
        `dev=${dev}`,
        `readonly=${readonly}`,
        `wwn=${wwn}`,
      ],
    });
  }
  const stays = new Set(keptLuns(wanted, now));
  for (const { index, object } of wanted.luns) {
    if (stays.has(index)) continue;
    steps.push({
      run: [
        `${group}/luns`,
        "create",
        `/backstores/block/${object}`,
        `lun=${index}`,
        "add_mapped_luns=false",
      ],
    });
  }
  for (const acl of wanted.acls) {
    const there = now.acls.find(({ iqn }) => iqn === acl.iqn);
    if (there === undefined)
      steps.push({
        run: [`${group}/acls`, "create", acl.iqn, "add_mapped_luns=false"],
      });
    if (there === undefined && !acl.authentication)
      steps.push(asking(group, acl));
    // Before the disks: an initiator that gets in has proved who it is.
    for (const key of authKeys) {
      const value = acl.auth[key];
      if (value !== there?.auth[key])
        steps.push({ initiator: acl.iqn, key, value });
    }
    for (const item of acl.mapped) {
      if (there?.mapped.some(isMapped(item)) && stays.has(item.tpgLun))
        continue;
      steps.push({
        run: [
          `${group}/acls/${acl.iqn}`,
          "create",
          `mapped_lun=${item.index}`,
          `tpg_lun_or_backstore=${item.tpgLun}`,
          `write_protect=${item.writeProtect ? 1 : 0}`,
        ],
      });
    }
  }
  return steps;
}

/** Numbers of LUNs that are as they are to be, with the same disk behind. */
function keptLuns(wanted: Target, now: Target): number[] {
  return wanted.luns.flatMap(({ index, object }) => {
    const there = now.luns.find((item) => item.index === index);
    const [to, from] = [wanted, now].map(({ objects }) =>
      objects.find(({ name }) => name === object),
    );
    const isKept = there?.object === object && to && from && isEqual(to, from);
    return isKept ? [index] : [];
  });
}

function isEqual(one: StorageObject, other: StorageObject): boolean {
  return (
    one.dev === other.dev &&
    one.wwn === other.wwn &&
    one.readonly === other.readonly
  );
}

type Mapped = Target["acls"][number]["mapped"][number];
const isMapped = (one: Mapped) => (other: Mapped) =>
  one.index === other.index &&
  one.tpgLun === other.tpgLun &&
  one.writeProtect === other.writeProtect;

function deletion(name: string): string[] {
  return ["/backstores/block", "delete", name];
}
