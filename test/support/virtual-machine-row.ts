import type { Impact } from "../../providers/dynamic/kind";

export type Values = Record<string, unknown>;

export interface Row {
  /** Another value, and what the device says then. */
  to: unknown;
  device: Values | ((config: Values) => void);
  /** What somebody sets behind our back; a word: why there is nothing. */
  drift: [key: string, value: string] | string;
  /** In how many places it is looked at, what a change does. */
  impact: Impact;
  /** Beside it, for the change to be allowed. */
  beside?: Values;
}

export const disk = (changes: Values = {}) => ({
  storage: "fast",
  size: 8,
  onDestroy: "destroy",
  ...changes,
});

export const has = (text: string) => expect.stringContaining(text);
