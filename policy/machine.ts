/** Type tokens are text, so that the pack loads without the providers. */
export const virtualMachine = "pulumi-nodejs:dynamic/proxmox:VirtualMachine";

/** The entries of a map or a list in a resource's properties. */
export function entries(value: unknown): [string, Record<string, unknown>][] {
  return value !== null && typeof value === "object"
    ? (Object.entries(value) as [string, Record<string, unknown>][])
    : [];
}
