import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { Site } from "../site";
import { labDirectory, pulumiHome, root, stack, stateDirectory } from "./paths";
import { runPulumi } from "./pulumi";
import { newEncrypter } from "./secrets";
import type { Access } from "./site-lab";

interface StackFile {
  encryptionsalt?: string;
  config?: Record<string, unknown>;
}

const fileName = `Pulumi.${stack}.yaml`;
const accessFile = join(labDirectory, "access.json");
const selected = join(labDirectory, "selected");

/**
 * Makes .lab a Pulumi project of its own over the same program: its stack file
 * is the project's with the lab's endpoints and credentials, so that every
 * command works as it is and no tracked file is ever written.
 */
export async function prepareStack(site: Site, access: Access): Promise<void> {
  mkdirSync(stateDirectory, { recursive: true });
  const project = parse(read(join(root, "Pulumi.yaml"))) as object;
  write("Pulumi.yaml", stringify({ ...project, main: root }));
  writeStackFile(site, access);
  const made = join(
    stateDirectory,
    ".pulumi",
    "stacks",
    "hybrid-site",
    `${stack}.json`,
  );
  if (existsSync(made) && read(selected) === pulumiHome) return;
  const verb = existsSync(made) ? "select" : "init";
  const { code, output } = await runPulumi(["stack", verb, stack], "capture");
  if (code !== 0)
    throw new Error(`Unable to ${verb} stack "${stack}": ${output.trim()}`);
  writeFileSync(selected, pulumiHome);
}

function writeStackFile(site: Site, access: Access): void {
  const base = parse(read(join(root, fileName))) as StackFile;
  const text = JSON.stringify([base, access]);
  // A secret encrypts to another text each time: written anew only when it is another.
  if (read(accessFile) === text && existsSync(join(labDirectory, fileName)))
    return;
  const { salt, encrypt } = newEncrypter();
  const endpoints: Record<string, unknown> = {};
  const credentials: Record<string, unknown> = {};
  for (const { host, node = host } of site.proxmox.hosts) {
    const { url, fingerprint } = access.endpoints[node] ?? {};
    endpoints[host] = { proxmox: { url, fingerprints: [fingerprint] } };
    credentials[host] = {
      proxmox: { token: { secure: encrypt(access.tokens[node] ?? "") } },
    };
  }
  write(
    fileName,
    stringify({
      encryptionsalt: salt,
      config: {
        ...base.config,
        "hybrid-site:endpoints": endpoints,
        "hybrid-site:credentials": credentials,
      },
    }),
  );
  writeFileSync(accessFile, text, { mode: 0o600 });
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
