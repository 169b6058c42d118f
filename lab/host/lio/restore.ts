import { rmSync } from "node:fs";
import type { HostWorld } from "../world";
import {
  addAcl,
  type Credential,
  credentialKeys,
  kernelOf,
  newAlias,
  newObject,
  newPortalGroup,
  type PortalGroup,
  root,
  saveKernel,
  setCredential,
} from "./kernel";
import { Failure } from "./line";
import type { Saved, SavedGroup } from "./saved";
import { mustOpen } from "./volumes";

/** Ends all sessions. */
export function clearKernel(world: HostWorld): void {
  const kernel = kernelOf(world);
  rmSync(world.path(root), { recursive: true, force: true });
  saveKernel(world, { ...kernel, objects: [], targets: [], sessions: [] });
}

/**
 * Makes what is saved, as far as that can be: what cannot is left out, and
 * said. Throws over what is there already.
 */
export function restore(
  world: HostWorld,
  saved: Saved,
  open: (dev: string) => void = (dev) => mustOpen(world, dev),
): string[] {
  const errors: string[] = [];
  const skip = (text: string) => errors.push(`${text}, skipped`);
  const kernel = kernelOf(world);
  for (const { name } of saved.storage_objects ?? [])
    if (kernel.objects.some((object) => object.name === name))
      throw new Failure(`storageobject 'block:${name}' exist not restoring`);
  for (const { wwn } of saved.targets ?? [])
    if (kernel.targets.some((target) => target.wwn === wwn))
      throw new Failure(`target with wwn ${wwn} exist, not restoring`);
  for (const [index, object] of (saved.storage_objects ?? []).entries()) {
    const { name, plugin, dev = "", wwn, readonly = false } = object;
    if (name === undefined) {
      skip(`'name' not defined in storage object ${index}`);
      continue;
    }
    if (plugin !== "block") {
      skip(`'plugin' not defined or invalid in storageobject ${name}`);
      continue;
    }
    try {
      open(dev);
      const made = newObject({
        name,
        dev,
        wwn: wwn ?? crypto.randomUUID(),
        readonly,
      });
      Object.assign(made.attributes, object.attributes);
      kernel.objects.push(made);
      saveKernel(world, kernel);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      skip(`Could not create StorageObject ${name}: ${error.message}`);
    }
  }
  for (const [index, { wwn, fabric, tpgs = [] }] of (
    saved.targets ?? []
  ).entries()) {
    if (wwn === undefined) skip(`'wwn' not defined in target ${index}`);
    else if (fabric === undefined) skip(`target ${wwn} missing 'fabric' field`);
    else if (fabric !== "iscsi") skip(`Unknown fabric '${fabric}'`);
    else {
      const groups = tpgs.map((group) =>
        groupFrom(
          world,
          wwn,
          group,
          (name) => kernel.objects.some((object) => object.name === name),
          skip,
        ),
      );
      kernel.targets.push({ wwn, groups });
    }
  }
  saveKernel(world, kernel);
  return errors;
}

function groupFrom(
  world: HostWorld,
  target: string,
  saved: SavedGroup,
  hasObject: (name: string) => boolean,
  skip: (text: string) => void,
): PortalGroup {
  const group = newPortalGroup(saved.tag ?? 1);
  Object.assign(group.attributes, saved.attributes);
  Object.assign(group.parameters, saved.parameters);
  for (const { index, storage_object: path, alias } of saved.luns ?? []) {
    const [, plugin, name = ""] =
      /^\/backstores\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    if (plugin === undefined)
      skip(`Malformed storage object field for LUN ${index}`);
    else if (!hasObject(name))
      skip(`Could not find matching StorageObject for LUN ${index}`);
    else group.luns.push({ index, object: name, alias: alias ?? newAlias() });
  }
  for (const { ip_address: address, port } of saved.portals ?? [])
    group.portals.push({ address, port });
  for (const acl of saved.node_acls ?? []) {
    if (acl.node_wwn === undefined) {
      skip("'node_wwn' missing in node_acl");
      continue;
    }
    const made = addAcl(world, target, group, acl.node_wwn);
    Object.assign(made.attributes, acl.attributes);
    for (const mapped of acl.mapped_luns ?? []) {
      const { index, tpg_lun: tpgLun } = mapped;
      if (group.luns.every((lun) => lun.index !== tpgLun)) {
        skip(
          `Could not find matching TPG LUN ${tpgLun} for MappedLUN ${index}`,
        );
        continue;
      }
      made.mappedLuns.push({
        index,
        tpgLun,
        writeProtect: mapped.write_protect ?? false,
        alias: mapped.alias ?? newAlias(),
      });
    }
    for (const key of credentialKeys) {
      const value = acl[key satisfies Credential];
      if (typeof value === "string" && value !== "")
        setCredential(world, target, group.tag, made.wwn, key, value);
    }
  }
  group.enable = saved.enable ?? true;
  return group;
}
