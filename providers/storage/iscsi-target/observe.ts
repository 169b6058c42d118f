import { isDeepStrictEqual } from "node:util";
import {
  type Credential,
  type Initiator,
  type IscsiTargetInputs,
  keyOfPortal,
  type Lun,
  type Portal,
} from "./model";
import type { Configuration } from "./saved";
import { type Acl, authOf, type Target, volumeOf, wantedOf } from "./wanted";

const other = "(another one on the host)";

/**
 * The inputs as the host has them, what was left out still left out where it
 * stands; never a secret of it. Not intact: what no input says is otherwise.
 */
export function inputsFrom(
  inputs: IscsiTargetInputs,
  target: Target,
  adopted: boolean,
  { groups }: Configuration,
  say: (text: string) => void,
): { inputs: IscsiTargetInputs; isIntact: boolean } {
  const wanted = wantedOf(inputs, adopted, target);
  const faults = [
    ...(target.enable ? [] : ["the target is disabled"]),
    ...(target.authentication ? [] : ["the target asks nobody who he is"]),
    ...target.acls
      .filter(({ authentication }) => !authentication)
      .map(({ iqn }) => `the target asks nothing of initiator ${iqn}`),
    ...(target.generatesAcls ? ["the target lets in whoever comes"] : []),
    ...groups.filter((text) => text.startsWith(`${target.iqn} `)),
  ];
  for (const fault of faults) say(fault);
  return {
    isIntact: faults.length === 0,
    inputs: {
      ...inputs,
      portals: portalsFrom(inputs.portals, target),
      luns: lunsFrom(inputs.luns, wanted, target),
      initiators: initiatorsFrom(inputs, wanted, target),
      credentials: credentialsFrom(inputs.credentials, target, say),
    },
  };
}

function portalsFrom(declared: readonly Portal[], live: Target): Portal[] {
  const keys = live.portals.map(keyOfPortal);
  const known = declared.map(keyOfPortal);
  return [
    ...declared.filter((item) => keys.includes(keyOfPortal(item))),
    ...live.portals
      .filter((item) => !known.includes(keyOfPortal(item)))
      .map(({ address, port }) =>
        port === 3260 ? { address } : { address, port },
      ),
  ];
}

function lunsFrom(
  declared: readonly Lun[],
  wanted: Target,
  live: Target,
): Lun[] {
  const objectOf = ({ luns, objects }: Target, index: number) => {
    const name = luns.find((item) => item.index === index)?.object;
    return objects.find((object) => object.name === name);
  };
  const actual = (index: number, item?: Lun): Lun[] => {
    const object = objectOf(live, index);
    if (object === undefined) return [];
    if (item && isDeepStrictEqual(object, objectOf(wanted, index)))
      return [item];
    const volume = volumeOf(object.dev);
    return [{ lun: index, volume, serial: object.wwn }];
  };
  const numbers = declared.map(({ lun }) => lun);
  return [
    ...declared.flatMap((item) => actual(item.lun, item)),
    ...live.luns
      .filter(({ index }) => !numbers.includes(index))
      .flatMap(({ index }) => actual(index)),
  ];
}

function initiatorsFrom(
  { initiators }: IscsiTargetInputs,
  wanted: Target,
  live: Target,
): Initiator[] {
  const names = initiators.map(({ iqn }) => iqn);
  const actual = (acl: Acl, item?: Initiator): Initiator => {
    const meant = wanted.acls.find(({ iqn }) => iqn === acl.iqn);
    if (item && isDeepStrictEqual(sorted(meant), sorted(acl))) return item;
    const isReadOnly = acl.mapped.some(({ writeProtect }) => writeProtect);
    return {
      iqn: acl.iqn,
      luns: acl.mapped.map(({ index }) => index),
      ...(isReadOnly && { access: "ro" as const }),
    };
  };
  return [
    ...initiators.flatMap((item) => {
      const acl = live.acls.find(({ iqn }) => iqn === item.iqn);
      return acl ? [actual(acl, item)] : [];
    }),
    ...live.acls
      .filter(({ iqn }) => !names.includes(iqn))
      .map((acl) => actual(acl)),
  ];
}

function sorted(acl: Acl | undefined) {
  return [...(acl?.mapped ?? [])].sort((a, b) => a.index - b.index);
}

function credentialsFrom(
  declared: Record<string, Credential>,
  live: Target,
  say: (text: string) => void,
): Record<string, Credential> {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([iqn, credential]) => {
      const acl = live.acls.find((item) => item.iqn === iqn);
      if (acl === undefined) return [];
      if (isDeepStrictEqual(acl.auth, authOf(credential)))
        return [[iqn, credential]];
      say(`initiator ${iqn} has other CHAP credentials`);
      return [[iqn, { username: acl.auth.userid ?? "", password: other }]];
    }),
  );
}
