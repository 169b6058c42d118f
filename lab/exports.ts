import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { labDirectory } from "./paths";
import { locate, pulumiEnvironment } from "./pulumi";
import type { Access } from "./site-lab";

/** Where the devices answer and how to log in, for any client, as a shell reads it. */
export function deviceExports(access: Access): string {
  const { endpoints, tokens, router, hosts, ssh } = access;
  const authorities = join(labDirectory, "ca.pem");
  const texts = [...Object.values(endpoints), ...[router ?? []].flat()].map(
    ({ ca }) => ca.trim(),
  );
  writeFileSync(authorities, `${[...new Set(texts)].join("\n")}\n`);
  const lines = Object.entries(endpoints).flatMap(
    ([node, { url, fingerprint }]) => {
      const name = shellName(node);
      return [
        line(`PROXMOX_VE_ENDPOINT_${name}`, url),
        line(`PROXMOX_VE_FINGERPRINT_${name}`, fingerprint),
        line(`PROXMOX_VE_API_TOKEN_${name}`, tokens[node] ?? ""),
      ];
    },
  );
  if (router) {
    lines.push(
      line("OPENWRT_URL", router.url),
      line("OPENWRT_FINGERPRINT", router.fingerprint),
      line("OPENWRT_USERNAME", router.username),
      line("OPENWRT_PASSWORD", router.password),
      line("OPENWRT_CA_FILE", authorities),
    );
  }
  lines.push(line("SSH_CONFIG", sshConfig(hosts, ssh.keyFile)));
  return [...lines, line("PROXMOX_VE_CA_FILE", authorities)].join("\n");
}

/** For `ssh -F "$SSH_CONFIG" HOST`, and for all that takes ssh's options. */
function sshConfig(hosts: Access["hosts"], keyFile: string): string {
  const known = join(labDirectory, "known_hosts");
  const file = join(labDirectory, "ssh_config");
  const all = Object.entries(hosts);
  const keys = all.map(
    ([, { address, port, hostKey }]) => `[${address}]:${port} ${hostKey}\n`,
  );
  const blocks = all.map(
    ([host, { address, port, username }]) => `Host ${host}
  HostName ${address}
  Port ${port}
  User ${username}
  IdentityFile "${keyFile}"
  IdentitiesOnly yes
  UserKnownHostsFile "${known}"
`,
  );
  writeFileSync(known, keys.join(""));
  writeFileSync(file, blocks.join(""));
  return file;
}

function shellName(host: string): string {
  return host.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
}

/** What makes plain `npx pulumi`, and `pulumi`, work on the lab's stack. */
export async function pulumiExports(): Promise<string> {
  const lines = Object.entries(pulumiEnvironment).map(([key, value]) =>
    line(key, value),
  );
  const path = `export PATH=${quote(dirname(await locate()))}:"$PATH"`;
  return [`cd ${quote(labDirectory)}`, ...lines, path].join("\n");
}

function line(name: string, value: string): string {
  return `export ${name}=${quote(value)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
