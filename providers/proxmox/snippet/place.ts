import { UserError } from "../../dynamic/failure";
import { ProxmoxError, type ProxmoxSession, path } from "../client";
import { readDefinition } from "../storage-mount/definition";
import { fileOf, type SnippetInputs } from "./model";

/** Where PVE looks for the snippet on its host; throws when it would not. */
export async function placeOf(
  session: ProxmoxSession,
  inputs: SnippetInputs,
): Promise<string> {
  const { storage, host } = inputs;
  const found = await readDefinition(session, storage);
  if (found === undefined) {
    throw new UserError(
      `host "${host}" has no storage "${storage}". Correct the storage, or define it first`,
    );
  }
  const { definition } = found;
  const content = (definition.content ?? "").split(",").filter(Boolean);
  const folder = await folderOf(session, storage);
  if (folder === undefined) {
    throw new UserError(
      `storage "${storage}" on host "${host}" is of type ${definition.type}, which keeps no files. Choose one of type dir or nfs`,
    );
  }
  if (!content.includes("snippets")) {
    const more = [...content.filter((item) => item !== "none"), "snippets"];
    throw new UserError(
      `storage "${storage}" on host "${host}" is not for snippets (content ${content.join(",") || "none"}). Allow them: "pvesm set ${storage} --content ${more.join(",")}" on the host, or "snippets" in the content of its StorageMount`,
    );
  }
  if (definition.disable === "1") {
    throw new UserError(
      `storage "${storage}" on host "${host}" is disabled. Enable it: "pvesm set ${storage} --disable 0" on the host`,
    );
  }
  await refuseInactive(session, inputs);
  return `${folder}/${fileOf(inputs)}`;
}

/** The same without refusal; undefined: the storage is gone. */
export async function findPlace(
  session: ProxmoxSession,
  inputs: SnippetInputs,
): Promise<string | undefined> {
  const folder = await folderOf(session, inputs.storage);
  return folder && `${folder}/${fileOf(inputs)}`;
}

interface Configured {
  storage: string;
  path?: string;
  "content-dirs"?: string;
}

async function folderOf(
  session: ProxmoxSession,
  storage: string,
): Promise<string | undefined> {
  const list = await session.request<Configured[]>("GET", "/storage");
  const found = list.find((item) => item.storage === storage);
  if (found?.path === undefined) return undefined;
  const own = /(?:^|,)snippets=([^,]+)/.exec(found["content-dirs"] ?? "");
  return `${found.path}/${own?.[1] ?? "snippets"}`;
}

/** A file written below a mount point without its mount would be seen by nobody, and be in the way. */
async function refuseInactive(
  session: ProxmoxSession,
  { storage, host }: SnippetInputs,
): Promise<void> {
  const why = await inactive(session, await localNode(session), storage);
  if (why === undefined) return;
  throw new UserError(
    `storage "${storage}" is not active on host "${host}": ${why}. Mend that and run "pulumi up" again`,
  );
}

/** The node that answers, which is the one that the files go to. */
export async function localNode(session: ProxmoxSession): Promise<string> {
  const members = await session.request<
    { type: string; name: string; local?: number }[]
  >("GET", "/cluster/status");
  const own = members.find(({ type, local }) => type === "node" && local === 1);
  return own?.name ?? "localhost";
}

async function inactive(
  session: ProxmoxSession,
  node: string,
  storage: string,
): Promise<string | undefined> {
  try {
    const { active } = await session.request<{ active?: number | boolean }>(
      "GET",
      path`/nodes/${node}/storage/${storage}/status`,
    );
    return Number(active ?? 0) === 1
      ? undefined
      : `"pvesm status --storage ${storage}" on the host tells more`;
  } catch (error) {
    if (error instanceof ProxmoxError) return error.reason;
    throw error;
  }
}
