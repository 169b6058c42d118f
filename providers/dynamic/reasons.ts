import type { dynamic } from "@pulumi/pulumi";

/**
 * The engine prints the value of a property that a failure names, whole and
 * before the reason: of a pool a page of disks. Of one that names no property
 * it prints the reason alone.
 */
export function withReasonsFirst(
  provider: dynamic.ResourceProvider,
): dynamic.ResourceProvider {
  const { check } = provider;
  if (check === undefined) return provider;
  return {
    ...provider,
    check: async (olds, news) => {
      const { failures = [], ...result } = await check(olds, news);
      return {
        ...result,
        failures: failures.map(({ property, reason }) => ({
          property: "",
          reason: property === "" ? reason : `${property}: ${reason}`,
        })),
      };
    },
  };
}
