import { existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { buffer } from "node:stream/consumers";
import { mayWrite } from "../coreutils/files";
import type { Tool } from "../tool";
import type { HostWorld } from "../world";
import { setVirtualFunctions } from "./driver";
import { show } from "./show";
import { loadQat, saveQat } from "./state";

const words = {
  EINVAL: "Invalid argument",
  EBUSY: "Device or resource busy",
  ERANGE: "Numerical result out of range",
  ENOENT: "No such file or directory",
};

/** A write below /sys reaches the driver, and ends with its error. */
export const tee: Tool = async (call) => {
  const [path, ...more] = call.words;
  if (path === undefined || path.startsWith("-") || more.length > 0) {
    call.stderr.write("tee: only one file is simulated\n");
    return 1;
  }
  const data = await buffer(call.stdin);
  if (call.signal.aborted) return 1;
  call.stdout.write(data);
  const fail = (why: string) => {
    call.stderr.write(`tee: ${path}: ${why}\n`);
    return 1;
  };
  if (!mayWrite(call.user, path)) return fail("Permission denied");
  const attribute = /^\/sys\/bus\/pci\/devices\/([^/]+)\/(sriov_\w+)$/.exec(
    path,
  );
  if (attribute) {
    const [, address = "", name = ""] = attribute;
    const error = writeAttribute(call.world, address, name, data.toString());
    return error ? fail(words[error]) : 0;
  }
  if (!existsSync(call.world.path(dirname(path))))
    return fail("No such file or directory");
  // The kernel's own are there, or nobody makes them.
  if (path.startsWith("/sys/") && !existsSync(call.world.path(path)))
    return fail("Permission denied");
  writeFileSync(call.world.path(path), data);
  return 0;
};

export function writeAttribute(
  world: HostWorld,
  address: string,
  name: string,
  text: string,
): keyof typeof words | undefined {
  const state = loadQat(world);
  const endpoint = state.endpoints[address];
  if (endpoint === undefined || endpoint.isGone) return "ENOENT";
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  let error: keyof typeof words | undefined;
  if (name === "sriov_numvfs")
    error = setVirtualFunctions(world, state, address, value);
  else if (name === "sriov_drivers_autoprobe" && value <= 1)
    endpoint.autoprobe = value === 1;
  else error = "EINVAL";
  saveQat(world, state);
  show(world);
  return error;
}
