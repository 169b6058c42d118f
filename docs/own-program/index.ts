/**
 * Bridges and storage definitions in a program of your own. It lives in this
 * project's folder (state refers to ./providers/entry.cjs) and takes addresses
 * and credentials from hybrid-site:endpoints and hybrid-site:credentials.
 *
 * `owner` says whose a thing is: Bridge writes it into the bridge's comments, and
 * touches none that carries another. What stands there without it is refused,
 * unless `adopt: true` takes it over; deletion then leaves it standing.
 * `timeouts` are seconds, for each of create, read, update and delete.
 */
import { formatOwner } from "../../providers/dynamic/owner";
import { Bridge } from "../../providers/proxmox/bridge/resource";
import { StorageMount } from "../../providers/proxmox/storage-mount/resource";

const site = "b0f7c6de-6f5e-4a52-9c3b-3a6f0d0f4a11"; // uuidgen, once
const host = "r630"; // as in hybrid-site:endpoints

export const bridge = new Bridge("r630-vmbr1", {
  owner: formatOwner(site, "Bridge", "r630-vmbr1"),
  host,
  name: "vmbr1",
  vlanAware: true,
  ports: ["eno3"],
});

export const backups = new StorageMount("backups", {
  owner: formatOwner(site, "StorageMount", "backups"),
  host,
  name: "backups",
  content: ["backup"],
  backend: { type: "nfs", server: "10.10.20.10", export: "/tank/backups" },
});
