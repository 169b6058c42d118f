/** Sums over an endpoint's engines, since it started. */
export interface Counters {
  requests: number;
  responses: number;
}

/**
 * Of fw_counters: " 0:  12  12" of the kernel's own driver, "| Firmware
 * Responses[AE  0]:  12 |" of the one out of the tree.
 */
export function parseCounters(lines: readonly string[]): Counters {
  const sum = { requests: 0, responses: 0 };
  for (const line of lines) {
    const [, requests, responses] = /^ *\d+: +(\d+) +(\d+)$/.exec(line) ?? [];
    sum.requests += Number(requests ?? 0);
    sum.responses += Number(responses ?? 0);
    const [, what, value] =
      /^\| Firmware (Requests|Responses) *\[AE +\d+\]: +(\d+) +\|$/.exec(
        line,
      ) ?? [];
    if (what === "Requests") sum.requests += Number(value);
    if (what === "Responses") sum.responses += Number(value);
  }
  return sum;
}
