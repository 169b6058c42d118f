import { UserError } from "../../dynamic/failure";
import { codes, nameOf, UbusRefusal, type UbusSession } from "../client";
import { toCall } from "../uci/difference";
import { unlike } from "./compare";
import { readFiles } from "./observe";
import type { Plan } from "./plan";

/** Stages the plan in the session and compares what came of it; nothing is in force yet. */
export async function stage(
  session: UbusSession,
  plan: Plan,
  signal: AbortSignal,
): Promise<void> {
  const calls = plan.steps.map(({ config, step }) => toCall(config, step));
  const answers = await session.send(calls, signal);
  answers.forEach(({ code }, index) => {
    const call = calls[index];
    if (call && code !== codes.ok)
      throw new UbusRefusal(
        nameOf(call),
        code,
        undefined,
        remedyFor(code, `${call.args?.config}`),
      );
  });
  const places = unlike(await readFiles(session, signal), plan);
  if (places.length > 0) {
    throw new UserError(
      `the router made something else of ${places.join(", ")} than was asked for, so nothing was applied. Somebody may be changing it at the same time; run "pulumi up" again`,
    );
  }
}

function remedyFor(code: number, config: string): string | undefined {
  return code === codes.permissionDenied
    ? `Add "${config}" to the uci scope of the account's ACL file, for writing, and restart rpcd`
    : undefined;
}

/** False while an apply is pending: then rpcd reverts nothing. */
export async function unstage(
  session: UbusSession,
  files: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const calls = files.map((config) => ({
    object: "uci",
    method: "revert",
    args: { config },
  }));
  const answers = await session.send(calls, signal);
  if (answers.every(({ code }) => code === codes.ok)) return true;
  // A missing right is answered alike.
  const asked = files.map((object) => ({
    object: "session",
    method: "access",
    args: { scope: "uci", object, function: "write" },
  }));
  const rights = await session.send(asked, signal);
  rights.forEach(({ data }, index) => {
    if (data.access !== false) return;
    const config = `${files[index]}`;
    throw new UbusRefusal(
      `uci revert ${config}`,
      codes.permissionDenied,
      undefined,
      remedyFor(codes.permissionDenied, config),
    );
  });
  return false;
}
