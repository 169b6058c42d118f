import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  type Rights,
  rightsOf,
  setRights,
} from "../../lab/host/coreutils/files";
import { EngineWatch } from "../../providers/dynamic/engine";
import { provider } from "../../providers/proxmox/snippet/lifecycle";
import { type TestHost, testHost } from "./host";
import { configured, type Provider } from "./provider";
import { type TestLab, testLab } from "./proxmox";

type Values = Record<string, unknown>;

export interface SnippetHost {
  pve: TestLab;
  ssh: TestHost;
  snippets: Provider;
  text(path: string): string | undefined;
  rights(path: string): Rights;
  put(path: string, text: string): void;
  chmod(path: string, mode: string): void;
  stop(): Promise<void>;
}

/** Node "pve" by its API, and by SSH. */
export async function snippetHost(): Promise<SnippetHost> {
  const pve = await testLab(undefined, 20, undefined, true);
  const ssh = await testHost({ login: "ops" });
  const both = (key: string) => {
    const [api, shell] = [pve, ssh].map(({ configuration }) =>
      JSON.parse(configuration(key) ?? "{}"),
    );
    return JSON.stringify({ pve: { ...api.pve, ...shell.storage } });
  };
  const path = (name: string) => ssh.world.path(name);
  mkdirSync(path("/var/lib/vz/snippets"), { recursive: true });
  return {
    pve,
    ssh,
    snippets: configured(provider(new EngineWatch(undefined)), both),
    text: (name) =>
      existsSync(path(name)) ? readFileSync(path(name), "utf8") : undefined,
    rights: (name) => rightsOf(ssh.world, name),
    put: (name, text) => {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), text);
    },
    chmod: (name, mode) => setRights(ssh.world, name, { mode }),
    stop: async () => {
      await ssh.stop();
      await pve.stop();
    },
  };
}

export const snippetInputs = (changes: Values = {}): Values => ({
  owner: "site/Snippet/web",
  host: "pve",
  name: "web",
  storage: "local",
  content: "#cloud-config\npackages: [nginx]\n",
  ...changes,
});
