/** The machines that a manifest may name. */
export const models = [
  "supermicro-entry-server",
  "hpe-ml110-gen9",
  "dell-r630",
] as const;
