import { UserError } from "../../dynamic/failure";
import type { Place } from "../place";
import type { Claimed, Known } from "./claim";
import {
  blockOf,
  configurationFile,
  isLast,
  renderBlock,
  withBlock,
} from "./configuration";
import type { SmbSharesInputs, SmbSharesOutputs } from "./model";
import { addAccounts, changeAccounts, type Past } from "./people";
import {
  find,
  isSame,
  markOf,
  parametersOf,
  renderSection,
  type Section,
  unmarked,
  withdrawMark,
} from "./registry";
import {
  act,
  complaints,
  type Found,
  listeningOn,
  sectionsOn,
  setRights,
  write,
} from "./server";
import { serve } from "./service";
import type { Undo } from "./undo";

/** Below /etc, where nobody but root may write; Samba reads no name like it. */
const candidateOf = (name: string) =>
  `/etc/samba/hybrid-site-${name}.candidate`;

export interface Work {
  inputs: SmbSharesInputs;
  found: Found;
  claimed: Claimed;
  known: Known;
  past: Past;
  undo: Undo;
  /** Has the state know what can no longer be taken back. */
  record(outputs: SmbSharesOutputs): void;
}

/** Answers when each account's password was set. */
export async function apply(
  place: Place,
  { inputs, found, claimed, known, past, undo, record }: Work,
): Promise<Record<string, string>> {
  const { owners } = known;
  const wanted = sectionsOf(inputs, claimed);
  const changed = wanted.filter((section) => {
    const there = find(found.sections, section.name);
    return there === undefined || !isSame(there, section);
  });
  const gone = found.sections.filter(
    (section) =>
      owners.includes(markOf(section).owner ?? "") &&
      find(wanted, section.name) === undefined,
  );
  const text = withBlock(found.text, renderBlock(inputs));
  const isFiled =
    blockOf(found.text)?.text === renderBlock(inputs) && isLast(found.text);
  const candidate = candidateOf(inputs.name);
  const isChange = changed.length > 0 || !isFiled;
  try {
    if (isChange) {
      const sections = changed.map(renderSection).join("");
      await write(place, candidate, text + sections, "0600");
      await refuseDisliked(place, candidate);
    }
    await addAccounts(place, { inputs, found, claimed, undo });
    await setDirectories(place, inputs, undo);
    for (const { name } of changed) {
      undo.share(name);
      await act(place, ["net", "conf", "import", candidate, name]);
    }
    for (const section of gone) {
      undo.share(section.name);
      await letGo(place, section);
    }
    if (!isFiled) {
      undo.configuration();
      await write(place, configurationFile, text, "0644");
    }
    await serve(place, inputs, isFiled, undo);
    const news = changed.filter(({ name, parameters }) => {
      const before = find(found.sections, name);
      return (
        !before || !isSame(unmarked(before), unmarked({ name, parameters }))
      );
    });
    await sendAway(place, [...news, ...gone], found.sections);
    await readBack(place, inputs, wanted, gone);
  } catch (error) {
    throw await undo.after(error, place);
  } finally {
    // The connection may be what went wrong.
    if (isChange)
      await place.machine
        .remove(candidate, AbortSignal.timeout(5_000))
        .catch(() => undefined);
  }
  return changeAccounts(place, { inputs, found, claimed, known, past, record });
}

function sectionsOf(inputs: SmbSharesInputs, { shares }: Claimed): Section[] {
  return inputs.shares.map((share) => ({
    name: share.name,
    parameters: parametersOf(share, inputs.owner, shares.has(share.name)),
  }));
}

/** Faults that the host's own file had before are its administrator's. */
async function refuseDisliked(place: Place, candidate: string): Promise<void> {
  const before = await complaints(place, configurationFile);
  const { code, said } = await complaints(place, candidate);
  const fresh = said.filter((line) => !before.said.includes(line));
  if (code !== 0 || fresh.length > 0) {
    const words = (fresh.length > 0 ? fresh : said).join("; ");
    throw new UserError(
      `testparm on host "${place.machine.name}" does not take the configuration: ${words || "it says nothing"}`,
    );
  }
  for (const line of before.said)
    place.operation.tell(
      `testparm on host "${place.machine.name}" says of smb.conf: ${line}`,
    );
}

async function setDirectories(
  place: Place,
  { shares }: SmbSharesInputs,
  undo: Undo,
): Promise<void> {
  const { machine, signal } = place;
  const paths = shares.flatMap(({ path, directory }) =>
    directory === undefined ? [] : [path],
  );
  const found = await machine.stat(paths, signal);
  for (const { path, directory } of shares) {
    if (directory === undefined) continue;
    const now = found.get(path);
    const { owner, group, mode } = directory;
    if (now?.owner === owner && now.group === group && now.mode === mode)
      continue;
    if (now) undo.directory(path, now);
    await act(place, setRights(path, directory));
  }
}

/** An adopted one stays as it is, without our mark. */
export async function letGo(place: Place, section: Section): Promise<void> {
  const { name } = section;
  const words = markOf(section).adopted
    ? withdrawMark(name)
    : (["net", "conf", "delshare", name] as const);
  await act(place, words);
}

/** Who is connected keeps what he had until then. */
export async function sendAway(
  place: Place,
  sections: readonly Section[],
  before: readonly Section[],
): Promise<void> {
  // 1: smbd does not run, and nobody is connected.
  for (const { name } of sections)
    if (find(before, name))
      await act(place, ["smbcontrol", "smbd", "close-share", name], [0, 1]);
}

async function readBack(
  place: Place,
  { host, interfaces }: SmbSharesInputs,
  wanted: readonly Section[],
  gone: readonly Section[],
): Promise<void> {
  const now = await sectionsOn(place);
  const listening = await listeningOn(place);
  const isThere = (section: Section) => {
    const there = find(now, section.name);
    return there !== undefined && isSame(there, section);
  };
  const wrong = [
    ...wanted
      .filter((section) => !isThere(section))
      .map(({ name }) => `share "${name}" is not as declared`),
    ...gone
      .filter(({ name }) => markOf(find(now, name) ?? none).owner)
      .map(({ name }) => `share "${name}" is still there`),
    ...interfaces
      .filter((address) => !listening.includes(address))
      .map((address) => `smbd does not listen on ${address}`),
    ...listening
      .filter((address) => !interfaces.includes(address))
      .map((address) => `Samba listens on ${address}, too`),
  ];
  if (wrong.length > 0)
    throw new UserError(`on host "${host}" ${wrong.join(", ")}`);
}

const none: Section = { name: "", parameters: new Map() };
