import { Config } from "@pulumi/pulumi/config";
import { RunError } from "@pulumi/pulumi/errors";
import { type Output, secret } from "@pulumi/pulumi/output";
import type { Resource } from "@pulumi/pulumi/resource";
import { formatOwner } from "../providers/dynamic/owner";
import { ManagedFiles } from "../providers/host/managed-files/resource";
import { StorageMount } from "../providers/proxmox/storage-mount/resource";
import { IscsiTarget } from "../providers/storage/iscsi-target/resource";
import type { Site } from "../site";
import { type Chap, initiatorFiles } from "../site/host-files/targets";
import { initiatorsOf, type TargetPlan, targetsOf } from "../site/storage";

type Secrets = Record<
  string,
  { iscsi?: { password: string; mutualPassword?: string } }
>;

/**
 * Targets, what their initiators log in with, and PVE's storages on them;
 * answers these last. No guest lies on one: they are whole disks.
 */
export function iscsiTargets(
  site: Site,
  parent: Resource,
  needs: (host: string) => Resource[],
  volume: (name: string) => Resource[],
): StorageMount[] {
  const made: StorageMount[] = [];
  const targets = targetsOf(site);
  if (targets.length === 0) return made;
  const owner = (kind: string, name: string) =>
    formatOwner(site.site.id, kind, name);
  const secrets = new Config("hybrid-site").requireSecretObject<Secrets>(
    "credentials",
  );
  const initiators = new Map(
    initiatorsOf(site).map((plan) => {
      const name = `${plan.host}-iscsi`;
      const files = secrets.apply((all) =>
        initiatorFiles(plan, chapOf(all, plan.host)),
      );
      return [
        plan.host,
        new ManagedFiles(
          name,
          {
            owner: owner("ManagedFiles", name),
            host: plan.host,
            name,
            files: secret(files),
            // Both come with the package.
            adopt: true,
            reload: ["systemctl", "restart", "iscsid.service"],
          },
          { parent, dependsOn: needs(plan.host) },
        ),
      ] as const;
    }),
  );
  for (const plan of targets) {
    const { name, host, iqn, server, luns, dropSessions } = plan;
    const target = new IscsiTarget(
      name,
      {
        owner: owner("IscsiTarget", name),
        host,
        name,
        iqn,
        portals: [{ address: server }],
        luns,
        initiators: plan.initiators.map((item) => ({ iqn: item.iqn })),
        credentials: secret(credentialsOf(plan, secrets)),
        dropSessions,
      },
      {
        parent,
        dependsOn: [
          ...needs(host),
          ...luns.flatMap((lun) => volume(lun.volume)),
        ],
      },
    );
    const { storage } = plan;
    if (storage === undefined) continue;
    for (const place of placesOf(site, plan)) {
      made.push(
        new StorageMount(
          `${place.host}-${storage}`,
          {
            owner: owner("StorageMount", `${place.host}-${storage}`),
            host: place.host,
            name: storage,
            nodes: place.nodes,
            // Whole disks, for a volume group on top or a guest by hand.
            content: ["none"],
            backend: { type: "iscsi", portal: server, target: iqn },
          },
          {
            parent,
            dependsOn: [
              target,
              ...place.users.flatMap((user) => initiators.get(user) ?? []),
            ],
          },
        ),
      );
    }
  }
  return made;
}

function credentialsOf(
  { name, initiators }: TargetPlan,
  secrets: Output<Secrets>,
): Output<Record<string, Chap>> {
  return secrets.apply((all) =>
    Object.fromEntries(
      initiators.map(({ host, iqn }) => [iqn, chapOf(all, host, name)]),
    ),
  );
}

/** A target's own account is the same for all of a host's targets, as its file has one. */
function chapOf(secrets: Secrets, host: string, target?: string): Chap {
  const found = secrets[host]?.iscsi;
  if (found === undefined) {
    throw new RunError(
      `Unable to let host "${host}" log in to ${target ? `target "${target}"` : "its targets"}: its CHAP password is not set. Set it with "pulumi config set --secret --path hybrid-site:credentials.${host}.iscsi.password PASSWORD" (12 to 255 characters).`,
    );
  }
  const { password, mutualPassword } = found;
  return {
    username: host,
    password,
    ...(mutualPassword !== undefined && {
      mutual: { username: `target-of-${host}`, password: mutualPassword },
    }),
  };
}

/** One for each host that stands alone, and one for each cluster. */
function placesOf(
  { proxmox }: Site,
  { initiators }: TargetPlan,
): { host: string; nodes?: string[]; users: string[] }[] {
  const hosts = proxmox.hosts.filter(({ host }) =>
    initiators.some((item) => item.host === host),
  );
  return hosts.flatMap(({ host, cluster }, index) => {
    if (cluster === undefined) return [{ host, users: [host] }];
    const members = hosts.filter((other) => other.cluster === cluster);
    if (hosts.indexOf(members[0] as (typeof hosts)[number]) !== index)
      return [];
    return [
      {
        host,
        nodes: members.map(({ host: name, node = name }) => node),
        users: members.map((member) => member.host),
      },
    ];
  });
}
