import { rmSync } from "node:fs";
import { dropLun, groupCommands } from "./group-commands";
import {
  aclFolder,
  kernelOf,
  newAlias,
  newObject,
  newPortalGroup,
  removeAcl,
} from "./kernel";
import { asBoolean, Failure } from "./line";
import type { Command, Node } from "./nodes";
import { preferencesOf } from "./preferences";
import { clearKernel } from "./restore";
import { keepBackup, makeFolder, savedFile, writeSaved } from "./saved";
import { mustOpen } from "./volumes";
import { normalWwn } from "./wwn";

const saveconfig: Command<"root"> = {
  required: [],
  optional: ["savefile"],
  run({ world, say }, _node, { savefile = savedFile }) {
    makeFolder(world, savefile);
    if (savefile === savedFile) keepBackup(world);
    writeSaved(world, savefile);
    say(`Configuration saved to ${savefile}`);
  },
};

const clearconfig: Command<"root"> = {
  required: [],
  optional: ["confirm"],
  run({ world, kernel, say }, _node, { confirm }) {
    if (!asBoolean(confirm, false))
      throw new Failure("As a precaution, confirm=True needs to be set");
    clearKernel(world);
    Object.assign(kernel, kernelOf(world));
    say("All configuration cleared");
  },
};

const createObject: Command<"block"> = {
  required: ["name", "dev"],
  optional: ["readonly", "wwn"],
  run({ world, kernel, say }, _node, { name = "", dev = "", ...given }) {
    if (name.includes("/"))
      throw new Failure(
        "A storage object's name cannot contain  /, newline or spaces/tabs",
      );
    if (kernel.objects.some((object) => object.name === name))
      throw new Failure("This _Backstore already exists in configFS");
    if (given.readonly === undefined && !dev.startsWith("/dev/"))
      throw new Failure(`Could not open ${dev}`);
    mustOpen(world, dev);
    const readonly = asBoolean(given.readonly, false);
    const wwn = given.wwn || crypto.randomUUID();
    kernel.objects.push(newObject({ name, dev, wwn, readonly }));
    say(`Created block storage object ${name} using ${dev}.`);
  },
};

const deleteObject: Command<"block"> = {
  required: ["name"],
  optional: ["save"],
  run({ kernel, say }, _node, { name = "" }) {
    if (kernel.objects.every((object) => object.name !== name))
      throw new Failure(`No storage object named ${name}.`);
    // Its LUNs go with it, sessions or none.
    for (const { groups } of kernel.targets)
      for (const group of groups)
        for (const lun of group.luns.filter(({ object }) => object === name))
          dropLun(group, lun.index);
    kernel.objects = kernel.objects.filter((object) => object.name !== name);
    say(`Deleted storage object ${name}.`);
  },
};

const createTarget: Command<"iscsi"> = {
  required: [],
  optional: ["wwn"],
  run({ world, kernel, say }, _node, given) {
    const wwn = normalWwn(
      given.wwn ||
        `iqn.2003-01.org.linux-iscsi.${world.name}.x8664:sn.${newAlias()}00`,
    );
    if (kernel.targets.some((target) => target.wwn === wwn))
      throw new Failure("This Target already exists in configFS");
    const preferences = preferencesOf(world);
    const group = newPortalGroup(1);
    group.enable = preferences.auto_enable_tpgt;
    say(`Created target ${wwn}.`);
    say("Created TPG 1.");
    if (preferences.auto_add_default_portal) {
      const isTaken = kernel.targets
        .flatMap(({ groups }) => groups)
        .some(({ portals }) =>
          portals.some(({ address }) => address === "0.0.0.0"),
        );
      if (isTaken)
        say(
          "Default portal not created, TPGs within a target cannot share ip:port.",
        );
      else {
        group.portals.push({ address: "0.0.0.0", port: 3260 });
        say("Global pref auto_add_default_portal=true");
        say(
          "Created default portal listening on all IPs (0.0.0.0), port 3260.",
        );
      }
    }
    kernel.targets.push({ wwn, groups: [group] });
  },
};

const deleteTarget: Command<"iscsi"> = {
  required: ["wwn"],
  run({ world, kernel, say }, _node, { wwn: text = "" }) {
    const wwn = normalWwn(text);
    const target = kernel.targets.find((item) => item.wwn === wwn);
    if (target === undefined)
      throw new Failure(
        `No such Target in configfs: /sys/kernel/config/target/iscsi/${wwn}`,
      );
    for (const group of target.groups)
      for (const acl of [...group.acls])
        removeAcl(world, kernel, wwn, group, acl.wwn);
    kernel.targets = kernel.targets.filter((item) => item !== target);
    rmSync(world.path(aclFolder(wwn, 1, "").replace(/\/tpgt_.*/, "")), {
      recursive: true,
      force: true,
    });
    say(`Deleted Target ${wwn}.`);
  },
};

const enable = (on: boolean): Command<"group"> => ({
  required: [],
  run({ say }, { group }) {
    const word = on ? "enabled" : "disabled";
    if (group.enable === on) say(`The TPGT is already ${word}.`);
    else {
      group.enable = on;
      say(`The TPGT has been ${word}.`);
    }
  },
});

type Commands = { [Kind in Node["kind"]]?: Record<string, Command<Kind>> };

const commands: Commands = {
  root: { saveconfig, clearconfig },
  block: { create: createObject, delete: deleteObject },
  iscsi: { create: createTarget, delete: deleteTarget },
  group: { enable: enable(true), disable: enable(false) },
  ...groupCommands,
};

export function commandOf(node: Node, name: string): Command | undefined {
  return commands[node.kind]?.[name] as Command | undefined;
}
