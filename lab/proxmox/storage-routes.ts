import { type Call, type Route, requirePrivilege } from "./call";
import { die, invalid } from "./failure";
import { boolean, integer, matching, oneOf, string } from "./parameters";
import { activationProblem, isActive } from "./storage-definitions";
import {
  findVolume,
  isShared,
  storageOf,
  usedBytes,
  volumesOf,
} from "./volumes";

const one = "/nodes/{node}/storage/{storage}";
/** pve-storage's file name rules by content (PVE/Storage.pm). */
const extensions: Record<string, RegExp> = {
  iso: /\.(iso|img)$/i,
  vztmpl: /\.tar\.(gz|xz|zst|bz2)$/i,
  import: /\.(ova|qcow2|raw|vmdk)$/i,
};

function status(call: Call, id: string) {
  const { node, world, faults } = call;
  const storage = node.storages.find((item) => item.id === id);
  if (storage === undefined) throw invalid("storage", "No such storage.");
  const base = {
    type: storage.type,
    content: storage.content.join(","),
    enabled: storage.refusal ? 0 : 1,
    shared: isShared(storage) ? 1 : 0,
  };
  if (!isActive(world, faults, node, id))
    return { ...base, active: 0, total: 0, used: 0, avail: 0 };
  const used = usedBytes(node, id);
  const total = storage.totalBytes;
  return { ...base, active: 1, total, used, avail: total - used };
}

export const storageRoutes: Route[] = [
  {
    method: "GET",
    path: "/nodes/{node}/storage",
    schema: {
      optional: {
        content: string,
        enabled: boolean,
        format: boolean,
        storage: string,
        target: string,
      },
    },
    handle: (call) => {
      const { content, enabled, storage, target } = call.params;
      const wanted = content?.split(",");
      return call.node.storages
        .filter(
          (item) =>
            (storage === undefined || item.id === storage) &&
            (enabled !== "1" || !item.refusal) &&
            (target === undefined ||
              target === call.node.name ||
              isShared(item)) &&
            (wanted === undefined ||
              (!item.refusal &&
                wanted.some((type) => item.content.includes(type)))),
        )
        .map(({ id }) => ({ storage: id, ...status(call, id) }));
    },
  },
  {
    method: "GET",
    path: `${one}/status`,
    handle: (call) => {
      const [id = ""] = call.places;
      requirePrivilege(
        call,
        `/storage/${id}`,
        "Datastore.Audit",
        "Datastore.AllocateSpace",
      );
      return status(call, id);
    },
  },
  {
    method: "GET",
    path: `${one}/content`,
    schema: { optional: { content: string, vmid: integer(100) } },
    handle: (call) => {
      const [id = ""] = call.places;
      requirePrivilege(
        call,
        `/storage/${id}`,
        "Datastore.Audit",
        "Datastore.AllocateSpace",
      );
      storageOf(call.node, id);
      const { world, faults, node } = call;
      const problem = activationProblem(world, faults, node, id);
      if (problem) throw die(problem);
      const { content, vmid } = call.params;
      return volumesOf(call.node, id)
        .filter(
          (volume) =>
            (content === undefined || volume.content === content) &&
            (vmid === undefined || volume.vmid === Number(vmid)),
        )
        .map(({ volid, content, bytes, vmid }) => ({
          volid,
          content,
          size: bytes,
          format: /\.(\w+)$/.exec(volid)?.[1] ?? "raw",
          ...(vmid === undefined ? {} : { vmid }),
        }));
    },
  },
  {
    method: "DELETE",
    path: `${one}/content/{volume}`,
    schema: { optional: { delay: integer(1, 30) } },
    handle: (call) => {
      const [id = "", name = ""] = call.places;
      requirePrivilege(
        call,
        `/storage/${id}`,
        "Datastore.Allocate",
        "Datastore.AllocateTemplate",
      );
      const volid = name.includes(":") ? name : `${id}:${name}`;
      if (!findVolume(call.node, volid))
        throw die(`volume '${volid}' does not exist`);
      return call.tasks.start({
        node: call.node.name,
        cluster: call.cluster,
        type: "imgdel",
        id: `${id}`,
        user: call.user,
        effect: "released",
        args: { node: call.node.name, volid },
      });
    },
  },
  {
    method: "POST",
    path: `${one}/download-url`,
    schema: {
      required: {
        content: oneOf("iso", "vztmpl", "import"),
        filename: matching(/^[^/]{1,255}$/, "file name"),
        url: matching(/^https?:\/\//, "URL"),
      },
      optional: {
        checksum: string,
        "checksum-algorithm": oneOf(
          "md5",
          "sha1",
          "sha224",
          "sha256",
          "sha384",
          "sha512",
        ),
        compression: string,
        "verify-certificates": boolean,
      },
    },
    handle: download,
  },
];

function download(call: Call): string {
  const [id = ""] = call.places;
  const {
    content = "",
    filename = "",
    url = "",
    checksum,
    compression,
  } = call.params;
  const algorithm = call.params["checksum-algorithm"];
  requirePrivilege(call, `/storage/${id}`, "Datastore.AllocateTemplate");
  requirePrivilege(call, "/", "Sys.Audit");
  requirePrivilege(call, "/", "Sys.Modify", "Sys.AccessNetwork");
  if ((checksum === undefined) !== (algorithm === undefined)) {
    throw invalid(
      checksum ? "checksum-algorithm" : "checksum",
      "checksum and checksum-algorithm go together",
    );
  }
  if (!storageOf(call.node, id).content.includes(content)) {
    throw invalid(
      "storage",
      `storage '${id}' is not configured for content-type '${content}'`,
    );
  }
  if (!extensions[content]?.test(filename))
    throw invalid("filename", "wrong file extension");
  if (compression && content !== "iso")
    throw die(`decompression not supported for ${content}`);
  const volid = `${id}:${content}/${filename}`;
  if (findVolume(call.node, volid))
    throw die(`refusing to override existing file '${filename}'`);
  return call.tasks.start({
    node: call.node.name,
    cluster: call.cluster,
    type: "download",
    id: filename,
    user: call.user,
    effect: "downloaded",
    args: { node: call.node.name, storage: id, url, checksum, volid, content },
  });
}
