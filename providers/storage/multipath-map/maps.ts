import { z } from "zod";

export interface PathState {
  /** "sdb" */
  device: string;
  /** "active ready", as the daemon has it. */
  state: string;
  isUsable: boolean;
}

export interface MultipathState {
  wwid: string;
  paths: PathState[];
}

const path = z.object({
  dev: z.string(),
  dm_st: z.string(),
  chk_st: z.string(),
});
const output = z.object({
  maps: z.array(
    z.object({
      uuid: z.string(),
      path_groups: z.array(z.object({ paths: z.array(path) })).optional(),
    }),
  ),
});

/** What `multipathd show maps json` prints. */
export function parseMaps(text: string): MultipathState[] {
  return output.parse(JSON.parse(text)).maps.map(({ uuid, path_groups }) => ({
    wwid: uuid,
    paths: (path_groups ?? []).flatMap(({ paths }) =>
      paths.map(({ dev, dm_st, chk_st }) => ({
        device: dev,
        state: `${dm_st} ${chk_st}`,
        isUsable: dm_st === "active" && chk_st === "ready",
      })),
    ),
  }));
}

/** Why a disk is not ready to be built on; undefined: it is. */
export function shortOf(
  wwid: string,
  map: MultipathState | undefined,
  paths: number,
): string | undefined {
  if (map === undefined) return `${wwid} has no map`;
  const usable = map.paths.filter((item) => item.isUsable);
  if (usable.length >= paths) return undefined;
  const states = map.paths
    .map(({ device, state }) => `${device} ${state}`)
    .join(", ");
  return `${wwid} has ${usable.length} of ${paths} paths (${states || "none"})`;
}
