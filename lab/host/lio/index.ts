import type { Tool } from "../tool";
import { targetcli } from "./targetcli";
import { targetctl } from "./targetctl";

export { isBackstore } from "./kernel";
export {
  bootTargets,
  discovered,
  type Login,
  logIn,
  logOut,
  startTargets,
  stopTargets,
  unit as targetUnit,
} from "./service";

export const tools: Record<string, Tool> = { targetcli, targetctl };
