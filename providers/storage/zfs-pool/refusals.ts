import type { Refusal } from "../../dynamic/kind";
import type { ZfsPoolInputs } from "./model";
import { planFor } from "./plan";
import { howToRename } from "./rename";

/** Changes that would cost the data, the service, or a promise about either. */
export function refusals(olds: ZfsPoolInputs, news: ZfsPoolInputs): Refusal[] {
  const refused: Refusal[] = [];
  const refuse = (property: string, reason: string) =>
    refused.push({ property, reason });
  if (olds.host !== news.host) {
    refuse(
      "host",
      `the pool is on host "${olds.host}": moving it to "${news.host}" takes its disks along. Export it there, import it here, forget it with "pulumi state delete", and set adopt with its GUID`,
    );
  }
  if (olds.name !== news.name) {
    refuse(
      "name",
      `the pool is called "${olds.name}" on host "${olds.host}" and declared as "${news.name}": a pool is never renamed here. Give it that name, ${howToRename(olds.name, news.name)}, then "pulumi refresh". Or declare it as "${olds.name}", and its datasets below that, with its GUID in adopt ("zpool get guid ${olds.name}")`,
    );
  }
  const { ashift = news.ashift } = olds;
  if (news.ashift !== undefined && ashift !== news.ashift) {
    refuse(
      "ashift",
      `the pool's vdevs have ashift ${ashift}, which they keep for good (setting it would change only what the pool says). Write ${ashift}, or leave it out`,
    );
  }
  const { problems } = planFor(olds, news, news);
  const hint =
    'After a "pulumi up" that failed run "pulumi refresh" first: it records what the pool has';
  return [
    ...refused,
    ...problems.map(({ property, reason }) => ({
      property,
      reason: `${reason}. ${hint}`,
    })),
  ];
}
