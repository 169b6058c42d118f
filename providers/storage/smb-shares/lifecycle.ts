import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Operation } from "../../dynamic/kind";
import { markFrom } from "../../dynamic/mark";
import { alone, type Place, placeOn } from "../place";
import { apply, type Work } from "./apply";
import { claim, isOurs, type Known, ownersOn } from "./claim";
import {
  blockOf,
  configurationFile,
  isLast,
  renderBlock,
} from "./configuration";
import {
  parse,
  type Share,
  type SmbSharesInputs,
  type SmbSharesOutputs,
  schema,
} from "./model";
import { type Past, timesThatStay } from "./people";
import {
  find,
  isSame,
  markOf,
  parametersOf,
  type Section,
  shareOf,
} from "./registry";
import { remove } from "./remove";
import { type Found, look, refuseUnready } from "./server";
import { Undo } from "./undo";

const nothing: Past = { passwords: {}, passwordsSet: {} };

const kind: Kind<SmbSharesInputs, SmbSharesOutputs> = {
  token: "storage:SmbShares",
  schema,
  parse,
  secrets: ["passwords"],
  timeouts: { create: 120, read: 60, update: 120, delete: 120 },
  impacts: {
    owner: "none",
    host: "outage",
    name: "none",
    interfaces: "restart",
    accounts: "outage",
    passwords: "outage",
    shares: "outage",
    adopt: "none",
    timeouts: "none",
  },

  replaces(_olds, _news, changed) {
    return changed.includes("host") ? ["host"] : [];
  },

  words(olds, news) {
    return Object.entries(olds.passwords)
      .filter(([name, password]) => password === "" && news.passwords[name])
      .map(
        ([name]) =>
          `the password of account "${name}" was set by others since; it is set again`,
      );
  },

  async create(inputs, operation) {
    const known = { owners: [inputs.owner], shares: [], accounts: [] };
    const record: Work["record"] = (outputs) =>
      operation.exists(inputs.name, outputs);
    const passwordsSet = await converge(
      inputs,
      operation,
      known,
      nothing,
      record,
    );
    const outputs = { passwordsSet, mark: inputs.owner };
    return { id: inputs.name, outputs };
  },

  async read(_id, inputs, operation) {
    const place = placeOn(operation, inputs.host);
    const found = await look(place, inputs.accounts);
    if (found === undefined) return undefined;
    const owners = ownersOn(found, inputs);
    const own = found.sections.filter((item) => isOurs(item, inputs, owners));
    const block = blockOf(found.text);
    const isFiled = block !== undefined && owners.includes(block.owner);
    if (own.length === 0 && !isFiled) return undefined;
    const owner = markFrom(inputs, block?.owner);
    const shares: Share[] = [];
    for (const section of ordered(own, inputs))
      shares.push(await shareOn(place, section, inputs));
    // What somebody wrote in is not as we left it, whatever it shares.
    const isIntact =
      block?.text === renderBlock({ ...inputs, owner }) &&
      isLast(found.text) &&
      own.every((section) => {
        const { adopted } = markOf(section);
        const share = shareOf(section, declaredAs(section, inputs));
        const parameters = parametersOf(share, owner, adopted);
        return isSame(section, { name: section.name, parameters });
      });
    return {
      inputs: {
        ...inputs,
        owner: isIntact ? owner : "",
        interfaces: sameOrder(inputs.interfaces, found.listening),
        accounts: accountsIn(found, { ...inputs, owner }),
        passwords: passwordsIn(found, inputs),
        shares,
      },
      outputs: { passwordsSet: inputs.passwordsSet, mark: owner },
    };
  },

  async update(id, olds, news, operation) {
    const { passwords, passwordsSet } = olds;
    const record: Work["record"] = (outputs) => operation.exists(id, outputs);
    // The state has the new password after a failure, too, whether it was set or not.
    record({ passwordsSet: timesThatStay(olds, news), mark: markFrom(olds) });
    const owners = [news.owner, olds.owner, markFrom(olds)].filter(Boolean);
    return {
      passwordsSet: await converge(
        news,
        operation,
        { owners, shares: olds.shares, accounts: olds.accounts },
        { passwords, passwordsSet },
        record,
      ),
      mark: news.owner,
    };
  },

  async delete(_id, inputs, operation) {
    await alone(placeOn(operation, inputs.host), async (place) => {
      const found = await look(place, inputs.accounts);
      if (found) await remove(place, inputs, found);
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

function converge(
  inputs: SmbSharesInputs,
  operation: Operation,
  known: Known,
  past: Past,
  record: Work["record"],
): Promise<Record<string, string>> {
  /** As it was before the first attempt, which the connection may have ended. */
  let undo: Undo | undefined;
  return alone(placeOn(operation, inputs.host), async (place) => {
    const found = await look(place, inputs.accounts);
    if (!found?.isConfigured) {
      throw new UserError(
        `host "${inputs.host}" has no ${configurationFile}. Install Samba there ("apt-get install samba")`,
      );
    }
    const claimed = claim(inputs, found, known);
    await refuseUnready(place, inputs.shares);
    undo ??= new Undo(found);
    return apply(place, {
      inputs,
      found,
      claimed,
      known,
      past,
      undo,
      record,
    });
  });
}

function declaredAs(
  { name }: Section,
  { shares }: SmbSharesInputs,
): Share | undefined {
  return shares.find(
    (share) => share.name.toLowerCase() === name.toLowerCase(),
  );
}

/** As declared, then those that are there beside. */
function ordered(own: readonly Section[], inputs: SmbSharesInputs): Section[] {
  const declared = inputs.shares.flatMap(({ name }) => find(own, name) ?? []);
  return [...declared, ...own.filter((item) => !declared.includes(item))];
}

async function shareOn(
  { machine, signal }: Place,
  section: Section,
  inputs: SmbSharesInputs,
): Promise<Share> {
  const declared = declaredAs(section, inputs);
  const share = shareOf(section, declared);
  const wanted = declared?.directory;
  if (declared === undefined || wanted === undefined) return share;
  const found = await machine.stat([declared.path], signal);
  const now = found.get(declared.path);
  const forced = share.directory?.group ?? "";
  return {
    ...share,
    directory: {
      owner: now?.owner ?? "",
      group: forced === wanted.group ? (now?.group ?? "") : forced,
      mode: now?.mode ?? "",
    },
  };
}

function sameOrder(wanted: readonly string[], found: string[]): string[] {
  const isSameSet =
    wanted.length === found.length &&
    wanted.every((item) => found.includes(item));
  return isSameSet ? [...wanted] : found;
}

/** Declared ones that can log in, then what is ours beside. */
function accountsIn(
  { accounts }: Found,
  { accounts: declared, owner }: SmbSharesInputs,
): string[] {
  const isUsable = (name: string) => {
    const { user, samba } = accounts.get(name) ?? {};
    return user && samba && samba.owner === owner && !samba.isDisabled;
  };
  const more = [...accounts.values()].filter(
    ({ name, samba }) => samba?.owner === owner && !declared.includes(name),
  );
  return [...declared.filter(isUsable), ...more.map(({ name }) => name)];
}

/** Empty where it was set by others since: what it is now nobody can read. */
function passwordsIn(
  { accounts }: Found,
  { passwords, passwordsSet = {} }: SmbSharesInputs & SmbSharesOutputs,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(passwords).map(([name, password]) => {
      const { samba } = accounts.get(name) ?? {};
      const isOurs = !samba || samba.setAt === passwordsSet[name];
      return [name, isOurs ? password : ""];
    }),
  );
}
