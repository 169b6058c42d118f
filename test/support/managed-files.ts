import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Tool } from "../../lab/host";
import {
  type Rights,
  rightsOf,
  setRights,
} from "../../lab/host/coreutils/files";
import { EngineWatch } from "../../providers/dynamic/engine";
import { provider } from "../../providers/host/managed-files/lifecycle";
import { shippedSudoers, type TestHost, testHost } from "./host";
import { configured, type Provider } from "./provider";

type Values = Record<string, unknown>;

export const plain = { path: "/etc/app/one.conf", content: "one=1\n" };
export const secret = {
  path: "/etc/app.key",
  secretContent: "user=ops\npassword=CANARY-hunter2\n",
};

export const filesInputs = (changes: Values = {}): Values => ({
  owner: "site/ManagedFiles/app",
  host: "storage",
  name: "app",
  files: [plain, secret],
  validate: ["check", "--all", "{file}"],
  reload: ["reload", "app"],
  ...changes,
});

export interface FilesHost extends TestHost {
  files: Provider;
  create(inputs?: Values): Promise<{ id: string; props: Values }>;
  isQuiet(id: string, props: Values, inputs: Values): Promise<boolean>;
  /** As it is on the machine's disk. */
  text(path: string): string | undefined;
  rights(path: string): Rights;
  put(path: string, text: string | Buffer, rights?: Partial<Rights>): void;
  drop(path: string): void;
  /** What the service has loaded, one entry for each reload. */
  loaded: string[];
  /** Every file of the machine but those of the login. */
  everything(): Record<string, string>;
}

/**
 * "check" refuses files with "invalid" and quotes the line, "reload" such with
 * "unloadable"; both as a service's own programs would.
 */
export async function filesHost(
  login: "root" | "ops" = "root",
  directory?: string,
): Promise<FilesHost> {
  const loaded: string[] = [];
  const readAll = (paths: readonly string[], call: Parameters<Tool>[0]) =>
    paths.map((path) => readFileSync(call.world.path(path), "utf8"));
  const tools: Record<string, Tool> = {
    check(call) {
      if (call.user !== "root") return 13;
      const [flag, ...paths] = call.words;
      if (flag !== "--all" || paths.length === 0) return 2;
      for (const [index, text] of readAll(paths, call).entries()) {
        const line = text.split("\n").find((item) => item.includes("invalid"));
        if (line === undefined) continue;
        call.stderr.write(`${paths[index]}: I do not like "${line}"\n`);
        return 3;
      }
      return 0;
    },
    reload(call) {
      if (call.user !== "root") return 13;
      const paths = [plain.path, secret.path].filter((path) =>
        existsSync(call.world.path(path)),
      );
      const text = readAll(paths, call).join("");
      if (text.includes("unloadable")) {
        call.stdout.write(`cannot load: ${text.split("\n").at(-2)}\n`);
        return 4;
      }
      loaded.push(text);
      return 0;
    },
  };
  const host = await testHost({
    login,
    // A site adds its own programs.
    sudo: shippedSudoers(
      "/usr/sbin/check",
      "/usr/sbin/reload",
      "/usr/bin/true",
    ),
    directory,
    spec: { tools },
  });
  const files = configured(
    provider(new EngineWatch(undefined)),
    host.configuration,
  );
  const path = (name: string) => host.world.path(name);
  return {
    ...host,
    files,
    loaded,
    create: async (inputs = filesInputs()) => {
      const { id, outs } = await files.create(inputs);
      return { id, props: outs ?? {} };
    },
    isQuiet: async (id, props, inputs) => {
      const found = await files.read(id, props);
      expect(found.props).toEqual(props);
      const { changes } = await files.diff(id, found.props ?? {}, inputs);
      return changes === false;
    },
    text: (name) =>
      existsSync(path(name)) ? readFileSync(path(name), "utf8") : undefined,
    rights: (name) => rightsOf(host.world, name),
    put: (name, text, rights) => {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), text);
      if (rights) setRights(host.world, name, rights);
    },
    drop: (name) => rmSync(path(name), { recursive: true }),
    everything: () => {
      const all: Record<string, string> = {};
      const walk = (folder: string) => {
        for (const entry of readdirSync(path(folder), {
          withFileTypes: true,
        })) {
          const name = join(folder, entry.name);
          if (entry.isDirectory()) walk(name);
          else if (entry.isFile())
            all[name] = withoutDone(readFileSync(path(name), "utf8"));
        }
      };
      walk("/");
      return all;
    },
  };
}

/** The notes on a change that is done say nothing of what the host has. */
function withoutDone(text: string): string {
  if (!text.includes('"phase": "done"')) return text;
  const { change: _done, ...manifest } = JSON.parse(text);
  return `${JSON.stringify(manifest, null, 1)}\n`;
}
