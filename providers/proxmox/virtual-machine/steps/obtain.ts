import { UserError } from "../../../dynamic/failure";
import {
  type ClusterResource,
  Limiter,
  type ProxmoxSession,
  path,
  recentlyMs,
} from "../../client";
import { findOrMake } from "../../guests/claim";
import { type Config, text, volumeOf } from "../../guests/config";
import { type Guest, readConfig } from "../../guests/find";
import { planDisks } from "../disks/plan";
import type { VirtualMachineInputs } from "../model";
import { settingsOf } from "../settings";

/** More at once only wait for each other's storage lock. */
const madePerStorage = 10;
const limiter = new Limiter();

/** The slot that the source fills. */
const systemSlot = "scsi0";

/** The guest of these inputs, cloned or imported unless it is there. */
export function obtain(
  session: ProxmoxSession,
  inputs: VirtualMachineInputs,
  signal: AbortSignal,
): Promise<Guest> {
  const claim = { ...inputs, where: inputs.cluster ?? inputs.host };
  const { source, disks, host } = inputs;
  const key = `${host}/${disks[systemSlot]?.storage}`;
  return findOrMake(session, claim, signal, (vmId) =>
    limiter.run<Guest | undefined>(key, madePerStorage, signal, () =>
      "template" in source
        ? clone(session, inputs, source, vmId)
        : create(session, inputs, source.image, vmId),
    ),
  );
}

type TemplateSource = Extract<
  VirtualMachineInputs["source"],
  { template: string }
>;

async function clone(
  session: ProxmoxSession,
  inputs: VirtualMachineInputs,
  source: TemplateSource,
  vmId: number,
): Promise<Guest> {
  const template = await findTemplate(session, inputs, source);
  const config = await templateConfig(session, template);
  const full = source.full !== false;
  const target = await cloneTarget(session, inputs, template, config);
  const node = target ?? template.node;
  const wanted = inputs.disks[systemSlot]?.storage;
  // On another node the storage may not be there: the migration maps it then.
  const storage = full && node === inputs.node ? wanted : undefined;
  const assumed = inherited(config, storage);
  const { description } = settingsOf(inputs, {}, undefined, vmId);
  const upid = await session.api.nodes
    .$(template.node)
    .qemu.$(template.vmId)
    .clone.$post({
      newid: vmId,
      name: inputs.name,
      // Always sent: left out, the target inherits the source's mark.
      description: `${description}`,
      full,
      storage,
      target,
      pool: inputs.pool,
    });
  await session.task(upid, `clone of template ${template.vmId} to ${vmId}`);
  const mark = { owner: inputs.owner, id: `${vmId}` };
  return { node, vmId, config: assumed, mark, state: "stopped", assumed: true };
}

/**
 * What a clone has of its template's configuration, known without asking: all
 * but the names of its volumes and its MACs (qemu-server API2/Qemu.pm, clone_vm).
 */
function inherited(config: Config, storage: string | undefined): Config {
  const kept = Object.entries(config).filter(
    ([key]) => !/^(template|digest|lock|name|description|unused\d+)$/.test(key),
  );
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      /^net\d+$/.test(key)
        ? `${value}`.replace(/^(\w+)=([0-9A-F]{2}:){5}[0-9A-F]{2}/i, "model=$1")
        : storage && volumeOf(config, key)
          ? // It takes all volumes of the template, wherever they lie there.
            `${value}`.replace(/^(file=)?[^:,]+:/, `$1${storage}:`)
          : value,
    ]),
  );
}

interface TemplatePlace {
  vmId: number;
  node: string;
}

/** The template that the inputs name: on the guest's node, or elsewhere in its cluster. */
async function findTemplate(
  session: ProxmoxSession,
  { node, host }: VirtualMachineInputs,
  source: TemplateSource,
): Promise<TemplatePlace> {
  const named = (guests: ClusterResource[]) => {
    const all = guests.filter(
      (guest) =>
        guest.template &&
        guest.name === source.template &&
        (source.node === undefined || guest.node === source.node),
    );
    const near = all.filter((guest) => guest.node === node);
    return near.length > 0 ? near : all;
  };
  let found = named(await session.guests(recentlyMs));
  // It may have been made since that list.
  if (found.length === 0) found = named(await session.guests(0));
  // The list knows neither names nor templates of the last seconds (pvestatd).
  if (found.length === 0) {
    const place = source.node ?? node;
    const live = await session.request<ClusterResource[]>(
      "GET",
      path`/nodes/${place}/qemu`,
    );
    found = named(
      live.map((guest) => ({
        ...guest,
        node: place,
        template: Number(guest.template) === 1,
      })),
    );
  }
  const [template] = found;
  if (template?.vmid && template.node && found.length === 1) {
    return { vmId: template.vmid, node: template.node };
  }
  const ids = found.map(({ vmid }) => vmid).join(", ");
  throw new UserError(
    found.length === 0
      ? `host "${host}" has no template "${source.template}"${source.node ? ` on node "${source.node}"` : ""}. Declare its image under proxmox.images, or correct the guest's image`
      : `host "${host}" has ${found.length} templates "${source.template}" (${ids}). Rename or remove all but one, or name the template's node`,
  );
}

const templates = new WeakMap<object, Map<string, Promise<Config>>>();

/** Read once: while guests are cloned from it, PVE changes no template. */
function templateConfig(
  session: ProxmoxSession,
  { node, vmId }: TemplatePlace,
): Promise<Config> {
  const known = templates.get(session.client) ?? new Map();
  templates.set(session.client, known);
  const key = `${node}/${vmId}`;
  const made: Promise<Config> =
    known.get(key) ??
    readConfig(session, node, vmId).then((config) => config ?? {});
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}

interface StorageResource {
  storage: string;
  node: string;
  shared?: number;
}

/** The guest's node, if all of the template's volumes are reached from there too. */
async function cloneTarget(
  session: ProxmoxSession,
  { node, host }: VirtualMachineInputs,
  template: TemplatePlace,
  config: Config,
): Promise<string | undefined> {
  if (template.node === node) return undefined;
  const storages = await session.shared<StorageResource[]>(
    "/cluster/resources",
    { type: "storage" },
  );
  if (!storages.some((storage) => storage.node === node)) {
    throw new UserError(
      `host "${host}" knows no node "${node}". Correct the node in the manifest`,
    );
  }
  const shared = Object.keys(config)
    .filter((key) => /^(scsi|virtio|sata|ide|efidisk|tpmstate)\d+$/.test(key))
    .map((key) => volumeOf(config, key)?.split(":")[0])
    .every((name) =>
      storages.some(
        (item) =>
          item.storage === name && item.node === node && item.shared === 1,
      ),
    );
  return shared ? node : undefined;
}

/** What an empty system slot is filled from; undefined: it starts blank. */
export async function imageOf(
  session: ProxmoxSession,
  { config }: Guest,
  inputs: VirtualMachineInputs,
): Promise<string | undefined> {
  const { source, disks } = inputs;
  if (!(systemSlot in disks) || text(config, systemSlot)) return undefined;
  if ("image" in source) return source.image;
  const template = await findTemplate(session, inputs, source);
  return volumeOf(await templateConfig(session, template), systemSlot);
}

async function create(
  session: ProxmoxSession,
  inputs: VirtualMachineInputs,
  image: string,
  vmId: number,
): Promise<undefined> {
  const settings: Config = {
    ostype: "l26",
    scsihw: "virtio-scsi-single",
    serial0: "socket",
    boot: `order=${systemSlot}`,
    ...settingsOf(inputs, {}, undefined, vmId),
  };
  const { add } = planDisks(inputs, {}, undefined, (slot) =>
    slot === systemSlot ? image : undefined,
  );
  const upid = await session.request<string>(
    "POST",
    path`/nodes/${inputs.node}/qemu`,
    { vmid: vmId, pool: inputs.pool, ...settings, ...add },
  );
  await session.task(upid, `creation of guest ${vmId}`);
}
