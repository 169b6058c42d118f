import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Operation } from "../../dynamic/kind";
import { connect } from "../connection";
import { difference, told, uciValues } from "../uci/difference";
import {
  configs,
  type FoundSection,
  fromUci,
  type Section,
} from "../uci/section";
import { cutsManagement, refuseOpenRouter, refuseOtherMacs } from "./guards";
import { readMark } from "./mark";
import { parse, type RouterInputs, type RouterOutputs, schema } from "./model";
import { readFiles } from "./observe";
import { type Plan, planFor, planRemoval } from "./plan";
import { transact } from "./transaction";
import { expectations } from "./verify";

const readSessionSeconds = 60;

const kind: Kind<RouterInputs, RouterOutputs> = {
  token: "openwrt:Router",
  schema,
  parse,
  timeouts: { create: 900, read: 60, update: 900, delete: 900 },
  secrets: ["network.*.options.password"],
  impacts: {
    owner: "none",
    host: "outage",
    name: "none",
    network: "outage",
    firewall: "reload",
    dhcp: "reload",
    // A restart sends traffic to lines that are down until they are probed.
    mwan3: "outage",
    macs: "none",
    management: "none",
    verify: "none",
    adopt: "none",
    recoveryPortInUse: "none",
    timeouts: "none",
  },

  replaces: (_olds, _news, changed) =>
    changed.includes("host") ? ["host"] : [],

  words: (olds, news) => shown(changeOf(olds, news)),

  async create(inputs, operation) {
    const outputs = await converge(inputs, operation);
    return { id: inputs.host, outputs };
  },

  async read(_id, inputs, operation) {
    const session = await connect(operation, inputs.host).login(
      operation.signal,
      readSessionSeconds,
    );
    const found = await readFiles(session, operation.signal);
    const mark = readMark(found.system);
    if (mark && mark.owner !== inputs.owner) return undefined;
    const files = configs.map(
      (config) => [config, asDeclared(inputs[config], found[config])] as const,
    );
    for (const [config, sections] of files)
      for (const words of driftOf(inputs[config], sections))
        operation.tell(`on the router ${config}.${words}`);
    return {
      inputs: {
        ...inputs,
        ...Object.fromEntries(files),
        // Without the mark it is nobody's until the next update.
        owner: mark?.owner ?? "",
      },
      // What stands there now may be of a run that never came to its proof.
      outputs: { applied: inputs.applied },
    };
  },

  update: (_id, olds, news, operation) =>
    converge(news, operation, olds.applied, changeOf(olds, news)),

  async delete(_id, inputs, operation) {
    const client = connect(operation, inputs.host);
    await transact({ client, operation, devices: [] }, (now) => {
      const mark = readMark(now.found.system);
      const plan: Plan =
        mark === undefined
          ? { steps: [], words: [], wanted: [] }
          : planRemoval(now.found, mark);
      if (mark && mark.owner !== inputs.owner) {
        throw new UserError(
          `it belongs to "${mark.owner}" by now (system.hybrid_site on the router), whose it stays. Forget it here with "pulumi state delete"`,
        );
      }
      const cuts = cutsManagement(inputs, plan);
      if (cuts && !inputs.recoveryPortInUse) {
        throw new UserError(
          `what stood on the router before had no interface "${inputs.management}" like this one, so it would be cut off. Keep it with "pulumi state delete", or go to its console and set recoveryPortInUse: true`,
        );
      }
      const nothing = { network: [], mwan3: [], verify: inputs.verify };
      return {
        plan,
        expected: expectations(nothing, now, plan),
        unguarded: cuts,
      };
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

async function converge(
  inputs: RouterInputs,
  operation: Operation,
  confirmed?: string,
  /** What the preview has told already. */
  told: readonly string[] = [],
): Promise<RouterOutputs> {
  const client = connect(operation, inputs.host);
  const devices = Object.keys(inputs.macs ?? {});
  await refuseOpenRouter(client, operation.signal);
  let applied = "";
  await transact({ client, operation, devices }, (now) => {
    refuseOtherMacs(inputs, now.macs);
    const mark = readMark(now.found.system);
    const plan = planFor(inputs, now.found, mark, confirmed);
    const expected = expectations(inputs, now, plan);
    applied = plan.apply ?? mark?.apply ?? "";
    const more = plan.words.filter((text) => !told.includes(text));
    announce(operation, plan, more, expected.window, expected.bound);
    return { plan, expected };
  });
  return { applied };
}

const shownAtMost = 12;

function announce(
  { tell }: Operation,
  { words, steps }: Plan,
  untold: readonly string[],
  window: number,
  bound: number,
): void {
  if (words.length === 0) return;
  for (const text of shown(untold)) tell(text);
  tell(
    `the router takes this back by itself unless it has proved itself within ${window} s`,
  );
  if (bound > 0 && steps.some(({ config }) => config === "mwan3")) {
    tell(
      `mwan3 starts anew: for up to ${bound} s it may send traffic to a line that is down`,
    );
  }
}

function shown(words: readonly string[]): string[] {
  const more = words.length - shownAtMost;
  const rest = more > 0 ? [`and ${more} more`] : [];
  return [...words.slice(0, shownAtMost), ...rest];
}

/** Section by section: a list that has lost one looks all changed behind it. */
function changeOf(olds: RouterInputs, news: RouterInputs): string[] {
  return configs.flatMap((config) => {
    const names = new Set(news[config].map(({ section }) => section));
    const had = olds[config].map(({ section: name, type, options }) => ({
      name,
      type,
      anonymous: false,
      options: uciValues(options),
    }));
    const gone = had.flatMap(({ name }) => (names.has(name) ? [] : [name]));
    const { words } = difference(had, news[config], gone, new Map());
    return words.map((text) => `${config}.${text}`);
  });
}

/** The declared sections as they are found, in the router's order; what else is there is not ours. */
function asDeclared(
  declared: readonly Section[],
  found: readonly FoundSection[],
) {
  const wanted = new Map(declared.map((item) => [item.section, item]));
  return found.flatMap(({ name, type, options }) => {
    const item = wanted.get(name);
    if (item === undefined) return [];
    const values = Object.entries(options).map(([key, value]) => {
      const said = fromUci(value, item.options[key]);
      return [key, typeof said === "object" ? [...said] : said] as const;
    });
    return [{ section: name, type, options: Object.fromEntries(values) }];
  });
}

function driftOf(
  declared: readonly Section[],
  found: readonly Section[],
): string[] {
  const has = new Map(found.map((item) => [item.section, item.options]));
  return declared.flatMap(({ section, options }) => {
    const now = has.get(section);
    if (now === undefined) return [`${section} is gone`];
    const keys = new Set([...Object.keys(options), ...Object.keys(now)]);
    return [...keys]
      .filter((key) => String(now[key]) !== String(options[key]))
      .map(
        (key) =>
          `${section}.${key} is ${say(key, now[key])}, not ${say(key, options[key])}`,
      );
  });
}

function say(
  key: string,
  value: Section["options"][string] | undefined,
): string {
  return told(
    key,
    value === undefined || typeof value === "object" ? value : String(value),
  );
}
