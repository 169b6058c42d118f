import { UserError } from "../../dynamic/failure";
import type { ProxmoxSession } from "../client";
import { guestsWith } from "../guests/using";
import { type SnippetInputs, volumeIdOf } from "./model";

/** A guest cannot start when a snippet of its cicustom is not there. */
export async function refuseUsed(
  session: ProxmoxSession,
  inputs: SnippetInputs,
): Promise<void> {
  const volume = volumeIdOf(inputs);
  const users = await guestsWith(
    session,
    (key, value) =>
      key === "cicustom" &&
      value.split(",").some((part) => part.split("=")[1] === volume),
  );
  if (users.length > 0) {
    throw new UserError(
      `${users.join(", ")} could not start without ${volume}. Take it out of their cloudInit first`,
    );
  }
}
