import type { Tool } from "../tool";
import { exportfs } from "./exportfs";
import { showmount } from "./showmount";

export { type Export, readFiles } from "./exports";
export {
  exportedTo,
  isServing,
  refreshExports,
  startServer,
  stopServer,
} from "./service";

export const tools: Record<string, Tool> = { exportfs, showmount };
