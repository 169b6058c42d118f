import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { Site } from "../site";
import { initiatorsOf } from "../site/storage";
import { hash, labDirectory, root, stack, stateDirectory } from "./paths";
import { runPulumi } from "./pulumi";
import { newEncrypter } from "./secrets";
import type { Access } from "./site-lab";

interface StackFile {
  encryptionsalt?: string;
  config?: Record<string, unknown>;
}

const fileName = `Pulumi.${stack}.yaml`;
/** What the stack file was made from, as a hash: tokens are in it. */
const madeFrom = join(labDirectory, "stack-made-from");

/**
 * Makes .lab a Pulumi project of its own over the same program: its stack file
 * is the project's with the lab's endpoints and credentials, so that every
 * command works as it is and no tracked file is ever written.
 */
export async function prepareStack(
  site: Site,
  manifest: string,
  access: Access,
): Promise<void> {
  mkdirSync(stateDirectory, { recursive: true });
  const project = parse(read(join(root, "Pulumi.yaml"))) as object;
  write("Pulumi.yaml", stringify({ ...project, main: root }));
  writeStackFile(site, manifest, access);
  const made = join(
    stateDirectory,
    ".pulumi",
    "stacks",
    "hybrid-site",
    `${stack}.json`,
  );
  if (existsSync(made) || existsSync(`${made}.bak`)) return;
  const { code, output } = await runPulumi(["stack", "init", stack], "capture");
  if (code !== 0)
    throw new Error(`Unable to create stack "${stack}": ${output.trim()}`);
}

function writeStackFile(site: Site, manifest: string, access: Access): void {
  const base = parse(read(join(root, fileName))) as StackFile;
  const source = hash(JSON.stringify([base, manifest, access]));
  const old = (parse(read(join(labDirectory, fileName))) ?? {}) as StackFile;
  // A secret encrypts to another text each time: written anew only when it is another.
  if (read(madeFrom) === source && old.config) return;
  const { salt, encrypt } = newEncrypter(old.encryptionsalt);
  const endpoints: Record<string, unknown> = {};
  const credentials: Record<string, unknown> = {};
  for (const { host, node = host } of site.proxmox.hosts) {
    const { url, fingerprint } = access.endpoints[node] ?? {};
    endpoints[host] = { proxmox: { url, fingerprints: [fingerprint] } };
    credentials[host] = {
      proxmox: { token: { secure: encrypt(access.tokens[node] ?? "") } },
    };
  }
  if (access.router) {
    const { host, url, fingerprint, username, password } = access.router;
    endpoints[host] = { openwrt: { url, fingerprints: [fingerprint] } };
    credentials[host] = {
      openwrt: { username, password: { secure: encrypt(password) } },
    };
  }
  // One text: what is encrypted twice are two.
  const privateKey = { secure: encrypt(access.ssh.privateKey) };
  for (const [host, found] of Object.entries(access.hosts)) {
    const { address, port, hostKey, username, smb } = found;
    const ssh = { address, port, hostKeys: [hostKey] };
    endpoints[host] = { ...(endpoints[host] as object), ssh };
    credentials[host] = {
      ...(credentials[host] as object),
      ssh: { username, privateKey },
      ...(Object.keys(smb).length > 0 && {
        smb: Object.fromEntries(
          Object.entries(smb).map(([name, password]) => [
            name,
            { secure: encrypt(password) },
          ]),
        ),
      }),
    };
  }
  for (const { host } of initiatorsOf(site)) {
    const [password, mutualPassword] = ["initiator", "target"].map((role) => ({
      // The same at each start of this lab, and nobody else's.
      secure: encrypt(hash(`${role} ${host} ${access.ssh.privateKey}`)),
    }));
    credentials[host] = {
      ...(credentials[host] as object),
      iscsi: { password, mutualPassword },
    };
  }
  write(
    fileName,
    stringify({
      encryptionsalt: salt,
      config: {
        ...old.config,
        ...base.config,
        "hybrid-site:manifest": manifest,
        "hybrid-site:endpoints": endpoints,
        "hybrid-site:credentials": credentials,
      },
    }),
  );
  writeFileSync(madeFrom, source);
}

function write(name: string, text: string): void {
  writeFileSync(join(labDirectory, name), text, { mode: 0o600 });
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
