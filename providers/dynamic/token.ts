/**
 * The contract with every state file: Pulumi's SDK evaluates the text that it
 * finds under `__provider` in the STATE, so the path and the kinds named here
 * may never change; a renamed kind keeps its old name in `entry.cjs`.
 */
export const providerKey = "__provider";

/** `kind` is "<system>:<Kind>", e.g. "proxmox:VirtualMachine". */
export function typeToken(kind: string): string {
  return `pulumi-nodejs:dynamic/${kind}`;
}

export function providerText(kind: string): string {
  return `exports.handler = () => require("./providers/entry.cjs")("${kind}")`;
}
