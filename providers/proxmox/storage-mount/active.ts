import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../dynamic/failure";
import { ProxmoxError, type ProxmoxSession, path } from "../client";
import { readDefinition } from "./definition";
import type { StorageMountInputs } from "./model";

const pauseMs = 500;

/** Until the storage is active on every node that should have it. */
export async function awaitActive(
  session: ProxmoxSession,
  inputs: StorageMountInputs,
  patienceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { name, host } = inputs;
  const found = await readDefinition(session, name);
  if (found?.definition.disable === "1") return;
  const end = Date.now() + patienceMs;
  let waiting = inputs.nodes ?? (await nodesOf(session));
  for (;;) {
    const states = await Promise.all(
      waiting.map((node) => isActive(session, node, name)),
    );
    waiting = waiting.filter((_node, at) => !states[at]);
    if (waiting.length === 0) return;
    if (Date.now() + pauseMs > end) break;
    await sleep(pauseMs, undefined, { signal });
  }
  const reasons = await Promise.all(
    waiting.map(
      async (node) => `on node "${node}": ${await reason(session, node, name)}`,
    ),
  );
  throw new UserError(
    `storage "${name}" is defined on host "${host}", but after ${patienceMs / 1_000} s not active ${reasons.join("; ")}. Mend that and run "pulumi up" again`,
  );
}

async function nodesOf(session: ProxmoxSession): Promise<string[]> {
  const nodes = await session.request<{ node: string }[]>("GET", "/nodes");
  return nodes.map(({ node }) => node);
}

async function isActive(
  session: ProxmoxSession,
  node: string,
  name: string,
): Promise<boolean> {
  try {
    const { active } = await session.request<{ active?: number | boolean }>(
      "GET",
      path`/nodes/${node}/storage/${name}/status`,
    );
    return Number(active ?? 0) === 1;
  } catch (error) {
    // A node that is down; or a definition that has not come round to it yet.
    if (error instanceof ProxmoxError) return false;
    throw error;
  }
}

/** The status only says that it is not active; whoever lists the content is told why. */
async function reason(
  session: ProxmoxSession,
  node: string,
  name: string,
): Promise<string> {
  try {
    await session.request("GET", path`/nodes/${node}/storage/${name}/content`);
    return "PVE gives no reason (for LVM: the volume group is not there)";
  } catch (error) {
    return error instanceof ProxmoxError ? error.reason : String(error);
  }
}
