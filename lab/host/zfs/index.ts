import type { Tool } from "../tool";
import { zfs } from "./datasets";
import { zpool } from "./zpool";

export { bootZfs } from "./boot";
export { findDataset } from "./datasets/find";
export { mountsOf, type ZfsMount } from "./datasets/mounts";
export { importedPools, type Pool } from "./pool";
export { configureZfs, type ZfsSettings } from "./settings";

export const tools: Record<string, Tool> = { zpool, zfs };
