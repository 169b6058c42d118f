import { createHash } from "node:crypto";
import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind } from "../../dynamic/kind";
import { formatMark, withMark, withoutMark } from "../../dynamic/owner";
import { type ProxmoxSession, path } from "../client";
import { connect } from "../connection";
import { findOrMake } from "../guests/claim";
import { text } from "../guests/config";
import { destroyGuest } from "../guests/destroy";
import { belongsTo, findGuest, type Guest } from "../guests/find";
import { settle } from "../settle";
import {
  parse,
  schema,
  type TemplateInputs,
  type TemplateOutputs,
} from "./model";

const kind: Kind<TemplateInputs, TemplateOutputs> = {
  token: "proxmox:Template",
  schema,
  parse,
  // Downloads run at the speed of the line.
  timeouts: { create: 3_600, read: 60, update: 300, delete: 300 },
  impacts: {
    owner: "none",
    host: "none",
    node: "none",
    name: "none",
    vmId: "none",
    image: "none",
    storage: "none",
    adopt: "none",
    timeouts: "none",
  },

  // A template holds no data of its own: it is made anew.
  replaces(olds, news, changed) {
    return (["host", "node", "image", "storage", "vmId"] as const).filter(
      (key) =>
        changed.includes(key) &&
        (key !== "vmId" ||
          (typeof news.vmId === "number" && news.vmId !== olds.vmNumber)),
    );
  },

  async create(inputs, operation) {
    const session = connect(operation, inputs.host);
    const { signal } = operation;
    const guest = await settle(signal, async () => {
      await provideImage(session, inputs);
      const claim = { ...inputs, where: inputs.host };
      return findOrMake(session, claim, signal, async (vmId) => {
        await importImage(session, inputs, vmId);
        return undefined;
      });
    });
    const id = `${guest.vmId}`;
    operation.exists(id, { vmNumber: guest.vmId });
    await settle(signal, () => convert(session, inputs, guest.vmId));
    return { id, outputs: { vmNumber: guest.vmId } };
  },

  async read(id, inputs, operation) {
    const session = connect(operation, inputs.host);
    const guest = await findGuest(session, inputs.node, Number(id));
    if (!guest || !belongsTo(guest, inputs.owner)) return undefined;
    // One that was not finished is shown as changed, and the next up converts it.
    const name = isTemplate(guest) ? text(guest.config, "name") : "";
    return {
      inputs: { ...inputs, name: name ?? "" },
      outputs: { vmNumber: guest.vmId },
    };
  },

  async update(id, olds, inputs, operation) {
    const session = connect(operation, inputs.host);
    return settle(operation.signal, async () => {
      const guest = await findGuest(session, inputs.node, Number(id));
      const owners = [olds.owner, inputs.owner];
      if (!guest || !owners.some((owner) => belongsTo(guest, owner))) {
        throw new UserError(
          `template ${id} is no longer on host "${inputs.host}". Run "pulumi refresh" to record that, then "pulumi up" to make it again`,
        );
      }
      const words = withoutMark(text(guest.config, "description"));
      await session.request(
        "PUT",
        path`/nodes/${guest.node}/qemu/${guest.vmId}/config`,
        {
          name: inputs.name,
          description: withMark(words, { owner: inputs.owner, id }),
        },
      );
      await convert(session, inputs, guest.vmId);
      return { vmNumber: guest.vmId };
    });
  },

  async delete(id, inputs, operation) {
    const session = connect(operation, inputs.host);
    await settle(operation.signal, async () => {
      const guest = await findGuest(session, inputs.node, Number(id));
      if (guest && belongsTo(guest, inputs.owner)) {
        await destroyGuest(session, guest);
      }
      // What we downloaded goes with it; a file that somebody placed stays.
      if (inputs.image.download) await removeImage(session, inputs);
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

/**
 * A downloaded file is this owner's and of this sum by its name: one that is
 * there need not be verified again, and nobody else's is removed.
 */
function fileOf({ owner, image: { file, download } }: TemplateInputs): string {
  if (download === undefined) return file;
  const hash = createHash("sha256").update(`${owner} ${download.sha256}`);
  return file.replace(/(\.\w+)$/, `-${hash.digest("hex").slice(0, 12)}$1`);
}

function volume(inputs: TemplateInputs): string {
  return `${inputs.image.storage}:import/${fileOf(inputs)}`;
}

async function hasImage(
  session: ProxmoxSession,
  inputs: TemplateInputs,
): Promise<boolean> {
  const { node, image } = inputs;
  const content = await session.request<{ volid: string }[]>(
    "GET",
    path`/nodes/${node}/storage/${image.storage}/content`,
    { content: "import" },
  );
  const wanted = volume(inputs);
  return content.some(({ volid }) => volid === wanted);
}

/** PVE gives the file its name only after the checksum is right (Status.pm). */
async function provideImage(
  session: ProxmoxSession,
  inputs: TemplateInputs,
): Promise<void> {
  if (await hasImage(session, inputs)) return;
  const { node, image, host } = inputs;
  if (image.download === undefined) {
    throw new UserError(
      `host "${host}" has no image ${volume(inputs)}. Place the file in the import folder of storage "${image.storage}", or give the image a url and a checksum`,
    );
  }
  const upid = await session.request<string>(
    "POST",
    path`/nodes/${node}/storage/${image.storage}/download-url`,
    {
      content: "import",
      filename: fileOf(inputs),
      url: image.download.url,
      checksum: image.download.sha256,
      "checksum-algorithm": "sha256",
    },
  );
  await session.task(upid, `download of ${image.download.url}`);
}

async function importImage(
  session: ProxmoxSession,
  inputs: TemplateInputs,
  vmId: number,
): Promise<void> {
  const upid = await session.request<string>(
    "POST",
    path`/nodes/${inputs.node}/qemu`,
    {
      vmid: vmId,
      name: inputs.name,
      description: formatMark({ owner: inputs.owner, id: `${vmId}` }),
      ostype: "l26",
      scsihw: "virtio-scsi-single",
      scsi0: `${inputs.storage}:0,import-from=${volume(inputs)}`,
      boot: "order=scsi0",
      // Cloud images write their console there.
      serial0: "socket",
    },
  );
  await session.task(upid, `import of ${volume(inputs)}`);
}

function isTemplate({ config }: Guest): boolean {
  return Number(config.template ?? 0) === 1;
}

async function convert(
  session: ProxmoxSession,
  { node }: TemplateInputs,
  vmId: number,
): Promise<void> {
  const guest = await findGuest(session, node, vmId);
  if (guest === undefined || isTemplate(guest)) return;
  const upid = await session.request<string | null>(
    "POST",
    path`/nodes/${guest.node}/qemu/${guest.vmId}/template`,
  );
  if (upid) await session.task(upid, `conversion of ${guest.vmId}`);
}

async function removeImage(
  session: ProxmoxSession,
  inputs: TemplateInputs,
): Promise<void> {
  if (!(await hasImage(session, inputs))) return;
  const { node, image } = inputs;
  const upid = await session.request<string | null>(
    "DELETE",
    path`/nodes/${node}/storage/${image.storage}/content/${volume(inputs)}`,
  );
  if (upid) await session.task(upid, `removal of ${volume(inputs)}`);
}
