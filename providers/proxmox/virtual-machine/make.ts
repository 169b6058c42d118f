import { UserError } from "../../dynamic/failure";
import { Limiter, type ProxmoxSession, path } from "../client";
import { findOrMake } from "../guests/claim";
import { type Config, volumeOf } from "../guests/config";
import { type Guest, readConfig } from "../guests/find";
import { newDisk, plainSettings } from "./config";
import type { VirtualMachineInputs } from "./model";

/** More clones at once only wait for each other's storage lock. */
const clonesPerStorage = 8;
const limiter = new Limiter();

const systemSlot = "scsi0";

/** The guest of these inputs, cloned or imported unless it is there. */
export function obtain(
  session: ProxmoxSession,
  inputs: VirtualMachineInputs,
  signal: AbortSignal,
): Promise<Guest> {
  return findOrMake(session, inputs, signal, async (vmId) => {
    if ("template" in inputs.source) {
      return clone(session, inputs, vmId, signal);
    }
    const upid = await session.request<string>(
      "POST",
      path`/nodes/${inputs.node}/qemu`,
      blank(inputs, vmId, inputs.source.image),
    );
    await session.task(upid, `creation of guest ${vmId}`);
  });
}

async function clone(
  session: ProxmoxSession,
  inputs: VirtualMachineInputs,
  vmId: number,
  signal: AbortSignal,
): Promise<void> {
  const { node, source } = inputs;
  const template = await findTemplate(session, inputs);
  const full = !("full" in source) || source.full !== false;
  const storage = full ? inputs.disks.scsi0?.storage : undefined;
  const { description } = plainSettings(inputs, mark(inputs, vmId), {});
  await limiter.run(
    `${inputs.host}/${storage}`,
    clonesPerStorage,
    signal,
    async () => {
      const upid = await session.api.nodes
        .$(node)
        .qemu.$(template)
        .clone.$post({
          newid: vmId,
          name: inputs.name,
          // Always sent: left out, the target inherits the source's mark.
          description: `${description}`,
          full,
          storage,
        });
      await session.task(upid, `clone of template ${template} to ${vmId}`);
    },
  );
}

/** The VM id of the template that the inputs name. */
async function findTemplate(
  session: ProxmoxSession,
  { node, source, host }: VirtualMachineInputs,
): Promise<number> {
  const name = "template" in source ? source.template : "";
  const found = (await session.guests()).filter(
    (guest) => guest.template && guest.name === name && guest.node === node,
  );
  const [template] = found;
  if (template?.vmid !== undefined && found.length === 1) return template.vmid;
  throw new UserError(
    found.length === 0
      ? `host "${host}" has no template "${name}" on node "${node}". Declare its image under proxmox.images, or correct the guest's image`
      : `host "${host}" has ${found.length} templates "${name}" (${found.map((guest) => guest.vmid).join(", ")}). Rename or remove all but one`,
  );
}

/** What an empty slot is filled from; undefined: it starts blank. */
export async function imageOf(
  session: ProxmoxSession,
  inputs: VirtualMachineInputs,
  slot: string,
): Promise<string | undefined> {
  if (slot !== systemSlot) return undefined;
  if ("image" in inputs.source) return inputs.source.image;
  const template = await findTemplate(session, inputs);
  const config = await readConfig(session, inputs.node, template);
  return config && volumeOf(config, slot);
}

function blank(inputs: VirtualMachineInputs, vmId: number, image: string) {
  const settings: Config = {
    ...plainSettings(inputs, mark(inputs, vmId), {}),
    vmid: vmId,
    ostype: "l26",
    scsihw: "virtio-scsi-single",
    serial0: "socket",
    boot: `order=${"scsi0" in inputs.disks ? "scsi0" : Object.keys(inputs.disks)[0]}`,
  };
  for (const [slot, disk] of Object.entries(inputs.disks)) {
    settings[slot] = newDisk(disk, slot === systemSlot ? image : undefined);
  }
  return settings;
}

function mark(inputs: VirtualMachineInputs, vmId: number) {
  return { owner: inputs.owner, id: `${vmId}` };
}
