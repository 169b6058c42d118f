import { type Call, may, type Route, requirePrivilege } from "./call";
import { die } from "./failure";
import { findVolume, storageOf, volumeName } from "./volumes";

/** A volume's own attributes. */
function attributes(call: Call): unknown {
  const [id = "", name = ""] = call.places;
  storageOf(call.node, id);
  const volid = name.includes(":") ? name : `${id}:${name}`;
  mayRead(call, id, volid);
  const volume = findVolume(call.node, volid);
  if (volume === undefined)
    throw die(`volume_size_info on '${volid}' failed - no such volume`);
  const { bytes, format, base } = volume;
  return {
    path: `/dev/${id}/${volid.slice(volid.indexOf(":") + 1)}`,
    size: bytes,
    used: base === undefined ? bytes : 0,
    format,
  };
}

function mayRead(call: Call, id: string, volid: string): void {
  const path = `/storage/${id}`;
  if (may(call, path, "Datastore.Allocate")) return;
  const { vmid } = volumeName(call.node, volid);
  requirePrivilege(
    call,
    path,
    "Datastore.Audit",
    ...(vmid === undefined ? ["Datastore.AllocateSpace"] : []),
  );
  if (vmid !== undefined)
    requirePrivilege(call, `/vms/${vmid}`, "VM.Config.Disk");
}

export const volumeRoutes: Route[] = [
  {
    method: "GET",
    path: "/nodes/{node}/storage/{storage}/content/{volume}",
    handle: attributes,
  },
];
