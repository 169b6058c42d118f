import type { Site } from "../../site";

export const share = (site: Site) => {
  const [first] = site.storage?.shares ?? [];
  if (first === undefined) throw new Error("no share");
  return first;
};

export function openToGuests(site: Site, access: "ro" | "rw"): void {
  const reason = "Scanners know no passwords";
  Object.assign(share(site), {
    guests: { access, reason },
    readers: [],
    writers: [],
  });
}

/** For each rule about shares a change of the dev site that breaks it, and what it says then. */
export const shareViolations: Record<string, [(site: Site) => void, string]> = {
  "share-clients": [
    (site) => {
      share(site).to.push("ci");
    },
    'share "documents" is for "ci" in network "ci", which no allowance lets to TCP port 445 of network "storage". Share it with machines in the storage network, or allow the port.',
  ],
  "share-guests": [
    (site) => {
      openToGuests(site, "rw");
      for (const dataset of site.storage?.datasets ?? [])
        delete dataset.snapshots;
    },
    'guests may write share "documents", and dataset "tank/documents" has no snapshots. Give the dataset snapshots, or let guests read only.',
  ],
  "share-nfs": [
    (site) => {
      share(site).dataset = "tank/shares";
    },
    'share "documents" of dataset "tank/shares" and the NFS export of "tank/shares" serve the same files. Serve it by one of the two, or give each a dataset of its own.',
  ],
  "share-world": [
    (site) => openToGuests(site, "rw"),
    'everybody at "application" may write share "documents" (Scanners know no passwords). Give writers accounts where they can have one.',
  ],
};
