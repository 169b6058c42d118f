import { UserError } from "../../dynamic/failure";
import type { Dataset } from "./dataset";
import { guidToDestroy, type ZfsDatasetInputs } from "./model";
import type { Work } from "./work";

/** Only the very dataset that is named, and what ZFS itself would take along. */
export async function destroy(
  { machine, signal, operation, act }: Work,
  inputs: ZfsDatasetInputs,
  found: Dataset,
): Promise<void> {
  const { dataset, host } = inputs;
  const meant = guidToDestroy(inputs.destroy ?? "");
  if (meant !== found.guid) {
    throw new UserError(
      `destroy names guid ${meant}, but ${dataset} on host "${host}" has ${found.guid}: nothing was destroyed. Correct destroy, or leave it out to keep the data`,
    );
  }
  if (found.owner === undefined) {
    throw new UserError(
      `${dataset} on host "${host}" no longer carries this site's mark, so it may be another's: nothing was destroyed. Run "pulumi up" to mark it again if it is yours`,
    );
  }
  const { stdout } = await machine.run(
    ["zfs", "destroy", "-n", "-v", "-p", "-r", dataset],
    { signal, looks: true },
  );
  const lines = stdout.split("\n").map((line) => line.split("\t"));
  const gone = lines.flatMap(([verb, name]) =>
    verb === "destroy" && name ? [name] : [],
  );
  const children = gone.filter(
    (name) => name.startsWith(`${dataset}/`) && !name.includes("@"),
  );
  if (children.length > 0) {
    throw new UserError(
      `${dataset} on host "${host}" holds ${children.join(", ")}: nothing was destroyed. Destroy or move those first`,
    );
  }
  const [, bytes = "0"] = lines.find(([verb]) => verb === "reclaim") ?? [];
  const snapshots = gone.length - 1;
  operation.tell(
    `destroys ${dataset} (guid ${found.guid}) on host "${host}", ${snapshots} snapshot${snapshots === 1 ? "" : "s"} of it and ${bytes} bytes: ${gone.join(", ")}`,
  );
  // Snapshots by themselves and then the dataset without -r: a child that has
  // appeared meanwhile ends it.
  if (snapshots > 0) await act(["zfs", "destroy", `${dataset}@%`]);
  await act(["zfs", "destroy", dataset]);
}
