import {
  aclFolder,
  addAcl,
  newAlias,
  type PortalGroup,
  removeAcl,
} from "./kernel";
import { asBoolean, asNumber, Failure } from "./line";
import { type Command, nodeAt } from "./nodes";
import { preferencesOf } from "./preferences";
import { normalWwn } from "./wwn";

const createLun: Command<"luns"> = {
  required: ["storage_object"],
  optional: ["lun", "add_mapped_luns"],
  run({ world, kernel, say }, { group }, given) {
    const { storage_object: path = "", lun, add_mapped_luns: maps } = given;
    const found = path.startsWith("/backstores/")
      ? nodeAt(kernel, path)
      : undefined;
    if (found?.kind !== "object")
      throw new Failure("storage object or path not valid");
    const { name } = found;
    if (group.luns.some(({ object }) => object === name))
      throw new Failure(`lun for storage object block/${name} already exists`);
    const index = lun === undefined ? free(group.luns) : lunNumber(lun);
    if (group.luns.some((item) => item.index === index))
      throw new Failure("This LUN already exists in configFS");
    group.luns.push({ index, object: name, alias: newAlias() });
    say(`Created LUN ${index}.`);
    if (!asBoolean(maps, preferencesOf(world).auto_add_mapped_luns)) return;
    for (const { wwn, mappedLuns } of group.acls) {
      const isTaken = mappedLuns.some((item) => item.index === index);
      const at = isTaken ? free(mappedLuns) : index;
      mappedLuns.push(mapping(at, index, false));
      say(`Created LUN ${index}->${at} mapping in node ACL ${wwn}`);
    }
  },
};

const deleteLun: Command<"luns"> = {
  required: ["lun"],
  run({ say }, { group }, { lun = "" }) {
    const index = Number(lun.replace(/^lun/i, ""));
    if (group.luns.every((item) => item.index !== index))
      throw new Failure("Invalid LUN");
    dropLun(group, index);
    say(`Deleted LUN ${index}.`);
  },
};

const createAcl: Command<"acls"> = {
  required: ["wwn"],
  optional: ["add_mapped_luns"],
  run({ world, say }, { target, group }, given) {
    const wwn = normalWwn(given.wwn ?? "");
    if (group.acls.some((acl) => acl.wwn === wwn))
      throw new Failure("This NodeACL already exists in configFS");
    const acl = addAcl(world, target.wwn, group, wwn);
    say(`Created Node ACL for ${wwn}`);
    const { auto_add_mapped_luns: initial } = preferencesOf(world);
    if (!asBoolean(given.add_mapped_luns, initial)) return;
    for (const { index } of group.luns) {
      acl.mappedLuns.push(mapping(index, index, false));
      say(`Created mapped LUN ${index}.`);
    }
  },
};

const deleteAcl: Command<"acls"> = {
  required: ["wwn"],
  run({ world, kernel, say }, { target, group }, { wwn: text = "" }) {
    const wwn = normalWwn(text);
    if (group.acls.every((acl) => acl.wwn !== wwn))
      throw new Failure(
        `No such NodeACL in configfs: ${aclFolder(target.wwn, group.tag, wwn)}`,
      );
    removeAcl(world, kernel, target.wwn, group, wwn);
    say(`Deleted Node ACL ${wwn}.`);
  },
};

const createMapping: Command<"acl"> = {
  required: ["mapped_lun", "tpg_lun_or_backstore"],
  optional: ["write_protect"],
  run({ kernel, say }, { group, acl }, given) {
    const { mapped_lun: at = "", tpg_lun_or_backstore: what = "" } = given;
    if (!/^-?\d+$/.test(at)) throw new Failure("mapped_lun must be an integer");
    const mapped = Number(at);
    const number = what.replace(/^lun/, "");
    let index = Number(number);
    if (!/^\d+$/.test(number)) {
      const found = what.startsWith("/backstores/")
        ? nodeAt(kernel, what)
        : undefined;
      if (found?.kind !== "object")
        throw new Failure("LUN, storage object, or path not valid");
      const { name } = found;
      let lun = group.luns.find(({ object }) => object === name);
      if (lun === undefined) {
        lun = { index: free(group.luns), object: name, alias: newAlias() };
        group.luns.push(lun);
        say(`Created LUN ${lun.index}.`);
      }
      index = lun.index;
    }
    if (acl.mappedLuns.some(({ tpgLun }) => tpgLun === index))
      say(`Warning: TPG LUN ${index} already mapped to this NodeACL`);
    if (mapped < 0 || mapped > 255)
      throw new Failure("Mapped LUN must be 0 to 255");
    if (acl.mappedLuns.some((item) => item.index === mapped))
      throw new Failure("This MappedLUN already exists in configFS");
    if (group.luns.every((lun) => lun.index !== index))
      throw new Failure(`LUN ${index} does not exist in this TPG`);
    const { write_protect: flag = "0" } = given;
    // Whatever is no number counts as no.
    acl.mappedLuns.push(mapping(mapped, index, Number(flag) > 0));
    say(`Created Mapped LUN ${mapped}.`);
  },
};

const deleteMapping: Command<"acl"> = {
  required: ["mapped_lun"],
  run({ say }, { target, group, acl }, { mapped_lun: text = "" }) {
    if (!/^-?\d+$/.test(text))
      throw new Failure("The mapped_lun parameter must be an integer value");
    const index = Number(text);
    if (acl.mappedLuns.every((item) => item.index !== index))
      throw new Failure(
        `No such MappedLUN in configfs: ${aclFolder(target.wwn, group.tag, acl.wwn)}/lun_${index}`,
      );
    acl.mappedLuns = acl.mappedLuns.filter((item) => item.index !== index);
    say(`Deleted Mapped LUN ${index}.`);
  },
};

const createPortal: Command<"portals"> = {
  required: [],
  optional: ["ip_address", "ip_port"],
  run({ say }, { group }, given) {
    const port = asNumber(given.ip_port, 3260);
    const address = given.ip_address || "0.0.0.0";
    if (port === 3260) say("Using default IP port 3260");
    if (address === "0.0.0.0") say("Binding to INADDR_ANY (0.0.0.0)");
    const canonical = bracketed(address);
    if (group.portals.some((item) => isPortal(item, canonical, port)))
      throw new Failure("This NetworkPortal already exists in configFS");
    // A link-local address has no scope here; any other is taken, there or not.
    const isGood = address.includes(".")
      ? /^(\d{1,3}\.){3}\d{1,3}$/.test(address)
      : /^[0-9a-f:]+$/i.test(address) && !/^fe80:/i.test(address);
    if (!isGood)
      throw new Failure("Could not create NetworkPortal in configFS");
    group.portals.push({ address: canonical, port });
    say(`Created network portal ${address}:${port}.`);
  },
};

const deletePortal: Command<"portals"> = {
  required: ["ip_address", "ip_port"],
  run({ say }, { target, group }, given) {
    const { ip_address: address = "", ip_port: text = "" } = given;
    if (!/^\d+$/.test(text)) throw new Failure("Invalid port");
    const [canonical, port] = [bracketed(address), Number(text)];
    const at = group.portals.findIndex((item) =>
      isPortal(item, canonical, port),
    );
    if (at < 0)
      throw new Failure(
        `No such NetworkPortal in configfs: /sys/kernel/config/target/iscsi/${target.wwn}/tpgt_${group.tag}/np/${canonical}:${port}`,
      );
    group.portals.splice(at, 1);
    say(`Deleted network portal ${address}:${text}`);
  },
};

/** Of what a portal group has. */
export const groupCommands = {
  luns: { create: createLun, delete: deleteLun },
  acls: { create: createAcl, delete: deleteAcl },
  acl: { create: createMapping, delete: deleteMapping },
  portals: { create: createPortal, delete: deletePortal },
};

function free(taken: readonly { index: number }[]): number {
  let index = 0;
  while (taken.some((item) => item.index === index)) index += 1;
  return index;
}

function lunNumber(text: string): number {
  const digits = text.replace(/^lun/i, "");
  if (!/^-?\d+$/.test(digits))
    throw new Failure(`invalid literal for int() with base 10: '${digits}'`);
  const index = Number(digits);
  if (index < 0 || index > 65_535) throw new Failure("LUN must be 0 to 65535");
  return index;
}

function mapping(index: number, tpgLun: number, writeProtect: boolean) {
  return { index, tpgLun, writeProtect, alias: newAlias() };
}

/** With what is mapped of it. */
export function dropLun(group: PortalGroup, index: number): void {
  group.luns = group.luns.filter((item) => item.index !== index);
  for (const acl of group.acls)
    acl.mappedLuns = acl.mappedLuns.filter(({ tpgLun }) => tpgLun !== index);
}

function bracketed(address: string): string {
  return address.includes(".") ? address : `[${address}]`;
}

function isPortal(
  item: { address: string; port: number },
  address: string,
  port: number,
): boolean {
  return item.address === address && item.port === port;
}
