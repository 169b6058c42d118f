import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Refusal } from "../../dynamic/kind";
import { adoptedSuffix } from "../../dynamic/owner";
import { onHost } from "../place";
import { apply, isSameTarget, targetIn, withdraw } from "./apply";
import {
  type IscsiTargetInputs,
  type IscsiTargetOutputs,
  parse,
  schema,
} from "./model";
import { inputsFrom } from "./observe";
import { isRestored, readLive, readSaved, save, take } from "./server";
import { serialOf, type Target } from "./wanted";

const kind: Kind<IscsiTargetInputs, IscsiTargetOutputs> = {
  token: "storage:IscsiTarget",
  schema,
  parse,
  timeouts: { create: 120, read: 60, update: 120, delete: 120 },
  secrets: ["credentials"],
  impacts: {
    owner: "none",
    host: "outage",
    name: "none",
    iqn: "outage",
    portals: "outage",
    luns: "outage",
    initiators: "outage",
    // Asked for at the next login only.
    credentials: "none",
    dropSessions: "none",
    adopt: "none",
    timeouts: "none",
  },

  refuse: (olds, news) => [
    ...otherTarget(olds, news),
    ...otherDisk(olds, news),
  ],

  async create(inputs, operation) {
    const { iqn, host, name } = inputs;
    const adopted = await onHost(operation, host, async (place) => {
      const live = await readLive(place, name);
      const mine = claim(inputs, targetIn(live, iqn));
      await apply(place, inputs, mine, live);
      return mine;
    });
    return { id: iqn, outputs: { adopted, mark: inputs.owner } };
  },

  async read(_id, inputs, operation) {
    return onHost(
      operation,
      inputs.host,
      async (place) => {
        const live = await readLive(place, inputs.name);
        const target = targetIn(live, inputs.iqn);
        if (target === undefined) return undefined;
        const mark = markOf(target);
        const owners = ownersOf(inputs);
        const isKnown = owners.length > 0 && mark.owner !== undefined;
        if (isKnown && !owners.includes(mark.owner ?? "")) return undefined;
        const adopted = mark.owner ? mark.adopted : (inputs.adopted ?? true);
        const saved = await readSaved(place);
        const say = (text: string) =>
          operation.tell(`on host "${inputs.host}" ${text}`);
        const isSaved = saved !== undefined && isSameTarget(saved, target);
        if (!isSaved) say("the target is not saved as it is served");
        const isKept = isSaved && (await isRestored(place));
        if (isSaved && !isKept)
          say(
            "nothing is served after the next start: the unit that restores targets is disabled",
          );
        const found = inputsFrom(inputs, target, adopted, live, say);
        const owner = mark.owner && isKept && found.isIntact ? mark.owner : "";
        return {
          inputs: { ...found.inputs, owner },
          outputs: { adopted, mark: mark.owner ?? inputs.mark },
        };
      },
      "looking",
    );
  },

  async update(_id, olds, news, operation) {
    const { iqn, host, name } = news;
    const adopted = await onHost(operation, host, async (place) => {
      const live = await readLive(place, name);
      const target = targetIn(live, iqn);
      const mark = target && markOf(target);
      if (mark?.owner && ![...ownersOf(olds), news.owner].includes(mark.owner))
        throw held(news, mark.owner);
      const wasThere = mark?.owner ? mark.adopted : olds.adopted;
      await apply(place, news, wasThere, live, olds);
      return wasThere;
    });
    return { adopted, mark: news.owner };
  },

  async delete(_id, inputs, operation) {
    const { iqn, host, name } = inputs;
    await onHost(operation, host, async (place) => {
      const live = await readLive(place, name);
      const target = targetIn(live, iqn);
      const mark = target && markOf(target);
      const owners = ownersOf(inputs);
      if (mark?.owner && owners.length === 0) {
        throw new UserError(
          `target ${iqn} on host "${host}" belongs to "${mark.owner}", and the state does not say whether that is this resource. Run "pulumi up" once, then destroy`,
        );
      }
      if (mark?.owner && !owners.includes(mark.owner)) {
        operation.tell(
          `target ${iqn} on host "${host}" belongs to "${mark.owner}" now, and is left as it is`,
        );
        return;
      }
      if (mark && mark.owner === undefined) {
        if (inputs.adopted) {
          operation.tell(
            `target ${iqn} on host "${host}" has no mark of this site any more, and is left as it is`,
          );
          return;
        }
        throw new UserError(
          `target ${iqn} on host "${host}" no longer carries this site's mark, so it may be another's. Run "pulumi up" to mark it again if it is yours, then destroy`,
        );
      }
      if (mark?.adopted) {
        const run = [
          `/iscsi/${iqn}/tpg1`,
          "set",
          "parameter",
          `TargetAlias=${unmarked}`,
        ];
        await take(place, iqn, { run });
        await save(place);
      } else await withdraw(place, inputs, live);
      operation.tell(
        `the volumes of target ${iqn} on host "${host}" are left as they are`,
      );
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

/** No mark; the kernel's own alias has a space, which targetcli cannot set. */
const unmarked = "LIO";
/** As the kernel makes it. */
const fresh = "LIO Target";

function markOf({ alias }: Target): { owner?: string; adopted: boolean } {
  const isMark = /^[^\s/]+\/IscsiTarget\/\S+$/.test(alias);
  return {
    ...(isMark && { owner: alias.replace(adoptedSuffix, "") }),
    adopted: alias.endsWith(adoptedSuffix),
  };
}

/** Drift may have made the one empty, an older version has not recorded the other. */
function ownersOf(inputs: IscsiTargetInputs & IscsiTargetOutputs): string[] {
  return [inputs.owner, inputs.mark].filter(Boolean);
}

/** Whether the target stood there before us. */
function claim(inputs: IscsiTargetInputs, found: Target | undefined): boolean {
  if (found === undefined) return false;
  const mark = markOf(found);
  if (mark.owner === inputs.owner) return mark.adopted;
  if (mark.owner) throw held(inputs, mark.owner);
  // What an attempt of ours left that ended before the mark: nothing is in it.
  const isBare = [...found.luns, ...found.acls].length === 0;
  const isAuto = found.portals.every(({ address }) => address === "0.0.0.0");
  const isNew = found.alias === fresh;
  if (isBare && isAuto && isNew && !inputs.adopt) return false;
  if (inputs.adopt) return true;
  throw new UserError(
    `target ${inputs.iqn} stands on host "${inputs.host}" and carries no mark of this site. Choose another name, or set adopt: true to take it over`,
  );
}

function held({ iqn, host }: IscsiTargetInputs, owner: string): UserError {
  return new UserError(
    `target ${iqn} on host "${host}" belongs to "${owner}". Choose another name`,
  );
}

/** Initiators know a target by its name, and one volume is served once. */
function otherTarget(
  olds: IscsiTargetInputs,
  news: IscsiTargetInputs,
): Refusal[] {
  return (["host", "iqn"] as const)
    .filter((key) => olds[key] !== news[key])
    .map((property) => ({
      property,
      reason: `is ${olds[property]} and cannot become ${news[property]}: initiators would lose their disks. Declare a second target, move them, then drop this one`,
    }));
}

function otherDisk(
  olds: IscsiTargetInputs,
  news: IscsiTargetInputs,
): Refusal[] {
  const serial = (
    { iqn }: IscsiTargetInputs,
    lun: IscsiTargetInputs["luns"][number],
  ) => lun.serial ?? serialOf(iqn, lun.volume);
  return news.luns.flatMap((lun, at) => {
    const before = olds.luns.find((item) => item.volume === lun.volume);
    if (!before || before.serial === lun.serial) return [];
    const [from, to] = [serial(olds, before), serial(news, lun)];
    return from === to
      ? []
      : [
          {
            property: `luns[${at}].serial`,
            reason: `is ${from} and cannot become ${to}: initiators would see another disk, and Proxmox VE's names of its volumes have it. Leave it`,
          },
        ];
  });
}
