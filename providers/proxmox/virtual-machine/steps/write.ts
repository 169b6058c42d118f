import { UserError } from "../../../dynamic/failure";
import { ProxmoxError, type ProxmoxSession, path } from "../../client";
import { text } from "../../guests/config";
import type { Guest } from "../../guests/find";
import type { Changes } from "../settings";

/** PVE answers itself when the work is done within this time, else with a task. */
const backgroundDelaySeconds = 20;

export interface WriteOptions {
  /** Destroys the volumes of unset slots instead of keeping them unused. */
  force?: boolean;
  /** Whether volumes are made or plugged in, which may take longer than pveproxy's 30 s. */
  slow?: boolean;
}

/** Says whether there was anything to write. */
export async function write(
  session: ProxmoxSession,
  { node, vmId, config }: Guest,
  { set, unset }: Changes,
  { force, slow }: WriteOptions = {},
): Promise<boolean> {
  if (Object.keys(set).length === 0 && unset.length === 0) return false;
  const place = path`/nodes/${node}/qemu/${vmId}/config`;
  const params = {
    ...set,
    delete: unset.length > 0 ? unset.join(",") : undefined,
    force: force || undefined,
    digest: text(config, "digest"),
  };
  if (!slow) {
    try {
      await session.request("PUT", place, params);
    } catch (error) {
      throw withSnippets(error, set.cicustom);
    }
    return true;
  }
  const upid = await session.request<string | null>("POST", place, {
    ...params,
    background_delay: backgroundDelaySeconds,
  });
  if (upid) await session.task(upid, `configuration of guest ${vmId}`);
  return true;
}

/** PVE speaks of the volume's name only where its storage holds no snippets. */
function withSnippets(error: unknown, cicustom: unknown): unknown {
  const isMeant =
    cicustom !== undefined &&
    error instanceof ProxmoxError &&
    /volume|snippets/.test(error.reason);
  if (!isMeant) return error;
  return new UserError(
    `${error.message}. Cloud-init takes ${cicustom}: each must be a file on a storage of the node with content type snippets`,
    { cause: error },
  );
}
