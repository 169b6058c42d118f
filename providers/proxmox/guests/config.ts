import { parseProperties } from "../property-string";

/** A guest's configuration as GET .../config answers it. */
export type Config = Record<string, string | number | undefined>;

export function text(config: Config, key: string): string | undefined {
  const value = config[key];
  return value === undefined ? undefined : String(value);
}

/** "local-zfs:vm-100-disk-0" of a disk's slot. */
export function volumeOf(config: Config, slot: string): string | undefined {
  const value = text(config, slot);
  return value && parseProperties(value, "file").file;
}
