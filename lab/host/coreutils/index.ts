import type { Tool } from "../tool";
import { tools as comparing } from "./comparing";
import { tools as reading } from "./reading";
import { tools as running } from "./running";
import { tools as systemd } from "./systemd";
import { tools as writing } from "./writing";

/** What every machine has, as far as it is used from outside. */
export const tools: Record<string, Tool> = {
  ...comparing,
  ...reading,
  ...running,
  ...systemd,
  ...writing,
};
