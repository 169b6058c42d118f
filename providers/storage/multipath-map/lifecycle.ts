import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Verb } from "../../dynamic/kind";
import { isOwn, markFrom } from "../../dynamic/mark";
import { alone, placeOn } from "../place";
import { shortOf } from "./maps";
import {
  type MultipathMapInputs,
  type MultipathMapOutputs,
  parse,
  schema,
} from "./model";
import {
  type Mark,
  parseMark,
  render,
  settingsFile,
  withoutMark,
} from "./settings";
import {
  apply,
  complete,
  listed,
  mapsOf,
  readMark,
  readText,
  showMaps,
  withdraw,
} from "./work";

const timeouts = { create: 120, read: 60, update: 120, delete: 120 };

const kind: Kind<MultipathMapInputs, MultipathMapOutputs> = {
  token: "storage:MultipathMap",
  schema,
  parse,
  timeouts,
  impacts: {
    owner: "none",
    host: "outage",
    name: "none",
    wwids: "none",
    paths: "none",
    blacklist: "reload",
    adopt: "none",
    timeouts: "none",
  },

  replaces(_olds, _news, changed) {
    return changed.includes("host") ? ["host"] : [];
  },

  async create(inputs, operation) {
    const place = placeOn(operation, inputs.host);
    const adopted = await alone(place, async (there) => {
      const mark = claim(inputs, await readMark(there));
      await apply(there, inputs, mark);
      return mark.adopted;
    });
    const outputs = { adopted, maps: {}, mark: inputs.owner };
    operation.exists(inputs.host, outputs);
    const maps = await complete(place, inputs, patience(inputs, "create"));
    return { id: inputs.host, outputs: { ...outputs, maps } };
  },

  async read(_id, inputs, operation) {
    const place = placeOn(operation, inputs.host);
    const text = await readText(place, settingsFile);
    const mark = parseMark(text ?? "");
    if (text === undefined || (mark.owner && !isOwn(inputs, mark.owner)))
      return undefined;
    const maps = await showMaps(place);
    const known = await listed(place);
    const adopted = mark.owner ? mark.adopted : (inputs.adopted ?? true);
    for (const wwid of inputs.wwids) {
      const map = maps.find((item) => item.wwid === wwid);
      const short = map && shortOf(wwid, map, inputs.paths ?? 2);
      // A cable is nothing that an update could mend.
      if (short) operation.tell(`on host "${inputs.host}" ${short}`);
    }
    const owner = markFrom(inputs, mark.owner);
    const wanted = { ...inputs, owner };
    const isIntact = text === render(wanted, adopted, mark.added);
    return {
      inputs: {
        ...inputs,
        owner: isIntact ? owner : "",
        wwids: inputs.wwids.filter(
          (wwid) =>
            known.includes(wwid) && maps.some((map) => map.wwid === wwid),
        ),
      },
      outputs: { adopted, maps: mapsOf(inputs.wwids, maps), mark: owner },
    };
  },

  async update(_id, olds, news, operation) {
    const place = placeOn(operation, news.host);
    const adopted = await alone(place, async (there) => {
      const mark = await readMark(there);
      const known = { owner: news.owner, mark: markFrom(olds) };
      if (mark?.owner && !isOwn(known, mark.owner))
        throw held(news, mark.owner);
      const wasThere = mark?.owner ? mark.adopted : olds.adopted;
      await apply(there, news, {
        adopted: wasThere,
        added: mark?.added ?? [],
      });
      return wasThere;
    });
    const maps = await complete(place, news, patience(news, "update"));
    return { adopted, maps, mark: news.owner };
  },

  async delete(_id, inputs, operation) {
    const place = placeOn(operation, inputs.host);
    await alone(place, async (there) => {
      const { machine, signal } = there;
      const text = await readText(there, settingsFile);
      const mark = parseMark(text ?? "");
      if (text === undefined) return;
      if (mark.owner && !isOwn(inputs, mark.owner)) return;
      if (mark.owner === undefined && !inputs.adopted) {
        throw new UserError(
          `${settingsFile} on host "${inputs.host}" no longer carries this site's mark, so it may be another's. Run "pulumi up" to mark it again if it is yours, then destroy`,
        );
      }
      if (mark.owner === undefined) return;
      if (!mark.adopted) return withdraw(there, inputs, mark);
      await operation.beforeWrite();
      const content = withoutMark(text);
      const rights = { owner: "root", group: "root", mode: "0644" };
      await machine.write(settingsFile, { content, ...rights }, signal);
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

/** So that what was seen last can be told before the deadline. */
function patience(inputs: MultipathMapInputs, verb: Verb): number {
  return ((inputs.timeouts?.[verb] ?? timeouts[verb]) * 1_000) / 2;
}

function claim(inputs: MultipathMapInputs, mark: Mark | undefined): Mark {
  if (mark === undefined) return { adopted: false, added: [] };
  if (mark.owner === inputs.owner) return mark;
  if (mark.owner) throw held(inputs, mark.owner);
  if (inputs.adopt) return { adopted: true, added: [] };
  throw new UserError(
    `${settingsFile} stands on host "${inputs.host}" and carries no mark of this site. Set adopt: true to take it over`,
  );
}

function held({ host }: MultipathMapInputs, owner: string): UserError {
  return new UserError(
    `${settingsFile} on host "${host}" belongs to "${owner}": a host has one MultipathMap. Declare the WWIDs there`,
  );
}
