import { type Manifest, Store } from "../../host/managed-files/store";
import type { Place } from "./engage";
import { configurationFile, keyOf, rulesFile } from "./files";
import type { QatDeviceInputs } from "./model";

/** What the host itself knows of our files there. */
export function kept(
  { machine, signal }: Place,
  name: string,
): Promise<Manifest | undefined> {
  return new Store(machine, keyOf(name)).load(signal);
}

/** For which stack our files were put there, whatever has become of the adapter since. */
export function stackOfFiles(
  { files }: Manifest,
  name: string,
): QatDeviceInputs["stack"] {
  const paths = files.map(({ path }) => path);
  if (paths.includes(rulesFile(name))) return "passthrough";
  return paths.some((path) => configurationFile.test(path))
    ? "out-of-tree"
    : "in-tree";
}
