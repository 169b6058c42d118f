import { UserError } from "../../dynamic/failure";
import type { ProxmoxSession } from "../client";
import { guestsWith } from "../guests/using";
import { readDefinition } from "../storage-mount/definition";
import { type SnippetInputs, volumeIdOf } from "./model";
import { localNode } from "./place";

/** A guest cannot start when a snippet of its cicustom is not there. */
export async function refuseUsed(
  session: ProxmoxSession,
  inputs: SnippetInputs,
): Promise<void> {
  const volume = volumeIdOf(inputs);
  const found = await readDefinition(session, inputs.storage);
  const { type = "", shared } = found?.definition ?? {};
  // On another node the same volume id is another file.
  const isOwn = ["dir", "btrfs"].includes(type) && shared !== "1";
  const users = await guestsWith(
    session,
    (key, value) =>
      key === "cicustom" &&
      value.split(",").some((part) => part.split("=")[1] === volume),
    isOwn ? await localNode(session) : undefined,
  );
  if (users.length > 0) {
    throw new UserError(
      `${users.join(", ")} could not start without ${volume}. Take it out of their cloudInit first`,
    );
  }
}
