import { UserError } from "../../dynamic/failure";
import type { IscsiTargetInputs } from "./model";
import type { Configuration } from "./saved";
import { objectName, type Target } from "./wanted";

/** Two who write to one volume destroy it: it is served once, and by us. */
export function refuseTaken(
  { iqn, host, adopt = false }: IscsiTargetInputs,
  wanted: Target,
  live: Configuration,
): void {
  const own = live.targets.find((target) => target.iqn === iqn);
  const [extra] = live.groups.filter((text) => text.startsWith(`${iqn} `));
  if (extra) {
    throw new UserError(
      `target ${iqn} on host "${host}" has ${extra.split(" ")[1]} beside tpg1, which is not looked at here. Delete it there`,
    );
  }
  for (const { name, dev, wwn } of wanted.objects) {
    const isOwn = (object: string) =>
      own?.luns.some((lun) => lun.object === object) ?? false;
    const user = live.served.find(
      (item) => item.object === name && item.iqn !== iqn,
    );
    const same = live.objects.find((object) => object.name === name);
    const other = live.objects.find(
      (object) => object.dev === dev && object.name !== name,
    );
    if (user) {
      throw new UserError(
        `backstore ${name} on host "${host}" is LUN ${user.index} of target ${user.iqn}. Take it away there, or choose another volume`,
      );
    }
    if (other && !isOwn(other.name)) {
      throw new UserError(
        `${dev} on host "${host}" is backstore ${other.name} already, which is none of this target. Delete it there, or choose another volume`,
      );
    }
    const isLeftOver = same?.dev === dev && same.wwn === wwn;
    if (same && !isOwn(name) && !isLeftOver && !(adopt && same.dev === dev)) {
      throw new UserError(
        `backstore ${name} on host "${host}" is ${same.dev} with serial ${same.wwn} already, and carries no mark of this site. Delete it there${same.dev === dev ? ", or set adopt: true to make it anew" : ""}`,
      );
    }
  }
}

/**
 * Saving writes down what runs: what others have saved and what could not be
 * restored at the start would be forgotten. Answers what of others runs and is
 * not saved.
 */
export function refuseForgetting(
  { iqn, host, luns }: IscsiTargetInputs,
  live: Configuration,
  saved: Configuration | undefined,
): string[] {
  const partsOf = ({ parts }: Configuration, { targets }: Configuration) =>
    parts
      // With a target goes all that it has.
      .filter((part) => targets.some((target) => target.iqn === part.iqn))
      .filter((part) => part.iqn !== iqn)
      .map(({ what }) => what);
  const namesOf = ({ objects, targets, served }: Configuration) => {
    const mine = new Set([
      ...luns.map(({ volume }) => objectName(volume)),
      ...[...(saved?.served ?? []), ...live.served]
        .filter((item) => item.iqn === iqn)
        .map(({ object }) => object),
    ]);
    return [
      ...objects
        .filter(({ name }) => !mine.has(name))
        .map(({ plugin, name }) => `backstore ${plugin}/${name}`),
      ...targets
        .filter((target) => target.iqn !== iqn)
        .map((target) => `target ${target.iqn}`),
      ...served
        .filter((item) => item.iqn !== iqn)
        .map((item) => `LUN ${item.index} of ${item.iqn}`),
    ];
  };
  const [running, kept] = [
    [...namesOf(live), ...(saved ? partsOf(live, saved) : [])],
    saved ? [...namesOf(saved), ...partsOf(saved, live)] : [],
  ];
  const missing = kept.filter((name) => !running.includes(name));
  if (missing.length > 0) {
    throw new UserError(
      `host "${host}" has saved ${missing.join(", ")} and does not serve it, so saving now would forget it: a disk or an address was not there when the targets were restored, or somebody took it away since. Bring it back ("systemctl restart rtslib-fb-targetctl.service", which ends all sessions), or delete what is no longer wanted and "targetcli saveconfig"`,
    );
  }
  return running.filter((name) => !kept.includes(name));
}
