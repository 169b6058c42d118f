import { UserError } from "../../dynamic/failure";
import type { Operation } from "../../dynamic/kind";
import { isOwn } from "../../dynamic/mark";
import { connect } from "../connection";
import { converge, type FileSet } from "./converge";
import { look } from "./look";
import { Store } from "./store";

/** Puts back what stood there before; where nothing did the file goes. */
export async function remove(
  operation: Operation,
  host: string,
  set: FileSet,
): Promise<void> {
  const { signal } = operation;
  const machine = connect(operation, host);
  const manifest = await new Store(machine, set.key).load(signal);
  if (manifest && !isOwn(set, manifest.owner)) {
    operation.tell(
      `files of ${set.key} on host "${host}" belong to "${manifest.owner}" and stay`,
    );
    return;
  }
  if (manifest === undefined) {
    const paths = set.files.map(({ path }) => path);
    const there = [...(await look(machine, paths, signal)).keys()];
    if (there.length === 0) return;
    throw new UserError(
      `host "${host}" no longer knows that ${there.join(", ")} ${there.length > 1 ? "are" : "is"} ours, nor what stood there before: /var/lib/hybrid-site/${set.key} is gone. Run "pulumi up" to mark it again, then destroy; or remove it there by hand`,
    );
  }
  const { key, reload } = set;
  const { owner } = manifest;
  await converge(operation, host, { key, owner, reload, files: [] });
}
