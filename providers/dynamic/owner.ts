/**
 * What a device carries to say whose a thing is. `owner` is "<site
 * id>/<Kind>/<name>"; `id` is the device's own id of the thing, so that a copy
 * of a thing (a clone inherits its description) is not taken for the original.
 */
export interface Mark {
  owner: string;
  id: string;
}

const pattern = /<!-- hybrid-site owner=(\S+) id=(\S+) -->/;

export function formatMark({ owner, id }: Mark): string {
  return `<!-- hybrid-site owner=${owner} id=${id} -->`;
}

export function parseMark(text: string | undefined): Mark | undefined {
  const [, owner, id] = pattern.exec(text ?? "") ?? [];
  return owner && id ? { owner, id } : undefined;
}

/** The text without the mark: what people wrote around it. */
export function withoutMark(text: string | undefined): string {
  return (text ?? "").replace(pattern, "").trim();
}

/** The text with the mark in the place of an earlier one, or on a last line of its own. */
export function withMark(text: string | undefined, mark: Mark): string {
  const words = withoutMark(text);
  return words === "" ? formatMark(mark) : `${words}\n\n${formatMark(mark)}`;
}

/**
 * The mark itself says that a thing stood there before: the state can get lost
 * between a write and its recording, and the thing must not go then.
 */
export const adoptedSuffix = "+adopted";

export function isAdopted(mark: Mark | undefined): boolean {
  return mark?.id.endsWith(adoptedSuffix) ?? false;
}

/** Whether both are of one kind at one site, whatever their names. */
export function isOfSameSite(left: string, right: string): boolean {
  const siteAndKind = (owner: string) => owner.slice(0, owner.lastIndexOf("/"));
  return siteAndKind(left) === siteAndKind(right);
}

export function formatOwner(site: string, kind: string, name: string): string {
  return `${site}/${kind}/${name}`;
}
