import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { root } from "../lab/paths";
import { engineSettings, locate } from "../lab/pulumi";
import { newEncrypter } from "../lab/secrets";
import { type Cost, watchTree } from "./measure";
import type { Target } from "./target";
import { type Place, workload } from "./workload";

const stack = "bench";
const program = join(root, "bench", "program");

export interface Run extends Cost {
  code: number;
  seconds: number;
  /** What it said, on both channels. */
  output: string;
}

/** A stack of the bench's program, all of it in `directory`. */
export class Stack {
  readonly #directory: string;
  readonly #passphrase = randomBytes(16).toString("hex");
  readonly #passphraseFile: string;
  readonly #policyConfig: string;
  /** Whether there may be guests of it. */
  begun = false;
  /** What has an up judged by the policy pack. */
  readonly policies: string[];

  constructor(directory: string) {
    this.#directory = join(directory, "stack");
    this.#passphraseFile = join(this.#directory, "passphrase");
    this.#policyConfig = join(this.#directory, "policy.json");
    this.policies = [
      `--policy-pack=${join(root, "policy")}`,
      `--policy-pack-config=${this.#policyConfig}`,
    ];
  }

  async create(target: Target, place: Place, vms: number): Promise<void> {
    mkdirSync(join(this.#directory, "state"), { recursive: true, mode: 0o700 });
    this.#write("passphrase", this.#passphrase);
    const project = readFileSync(join(program, "Pulumi.yaml"), "utf8");
    this.#write(
      "Pulumi.yaml",
      stringify({
        ...(parse(project) as object),
        main: join(program, "index.ts"),
      }),
    );
    const { salt, encrypt } = newEncrypter(undefined, this.#passphrase);
    const secrets = Object.fromEntries(
      Object.entries(target.credential).map(([key, text]) => [
        key,
        { secure: encrypt(text) },
      ]),
    );
    const config = {
      "hybrid-site-bench:vms": vms,
      "hybrid-site-bench:place": place,
      "hybrid-site:endpoints": { [place.host]: { proxmox: target.endpoint } },
      "hybrid-site:credentials": { [place.host]: { proxmox: secrets } },
    };
    this.#write(
      `Pulumi.${stack}.yaml`,
      stringify({ encryptionsalt: salt, config }),
    );
    this.#write(
      "policy.json",
      JSON.stringify({ "vm-nic-vlan": { vlans: [workload.vlan] } }),
    );
    const { code, output } = await this.run("stack", "init", stack);
    if (code !== 0)
      throw new Error(`Unable to create stack "${stack}": ${output.trim()}`);
    this.begun = true;
  }

  /** The VM ids of the guests that the state knows. */
  async known(): Promise<Set<number>> {
    const { code, output } = await this.run("stack", "export");
    if (code !== 0)
      throw new Error(`Unable to read stack "${stack}": ${output.trim()}`);
    const { deployment } = JSON.parse(output) as {
      deployment: { resources?: { id?: string; type: string }[] };
    };
    const machines = (deployment.resources ?? []).filter(({ type }) =>
      type.endsWith(":VirtualMachine"),
    );
    return new Set(machines.map(({ id }) => Number(id)));
  }

  /** What removes what a run that was cut short has left. */
  get removal(): string {
    return `cd ${this.#directory} && PULUMI_RUN_PROGRAM=true PULUMI_BACKEND_URL=${this.#backend} PULUMI_CONFIG_PASSPHRASE_FILE=${this.#passphraseFile} npx --prefix ${root} pulumi destroy --stack ${stack}`;
  }

  get #backend(): string {
    return `file://${join(this.#directory, "state")}`;
  }

  async run(...words: string[]): Promise<Run> {
    const engine = await locate();
    let interrupted = false;
    // The terminal has sent it to the engine too, which ends in good order.
    const interrupt = () => {
      interrupted = true;
    };
    process.on("SIGINT", interrupt);
    const started = process.hrtime.bigint();
    const child = spawn(engine, words, {
      cwd: this.#directory,
      env: this.#environment(dirname(engine)),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const watch = child.pid === undefined ? undefined : watchTree(child.pid);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        output += data.toString();
      });
    }
    return new Promise((done, fail) => {
      child.on("error", fail);
      child.on("close", (code) => {
        const seconds = Number(process.hrtime.bigint() - started) / 1e9;
        const cost = watch?.stop() ?? { cpuSeconds: null, rssMiB: null };
        process.removeListener("SIGINT", interrupt);
        if (interrupted) return fail(new Error("The bench was interrupted."));
        done({ code: code ?? 1, seconds, output, ...cost });
      });
    });
  }

  /** The user's own, without what would bend the engine or reveal the endpoint's login. */
  #environment(bin: string): NodeJS.ProcessEnv {
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(PULUMI|PROXMOX_VE)_/.test(name),
    );
    return {
      ...Object.fromEntries(own),
      ...engineSettings,
      PULUMI_BACKEND_URL: this.#backend,
      PULUMI_CONFIG_PASSPHRASE_FILE: this.#passphraseFile,
      PULUMI_STACK: stack,
      PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`,
    };
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#directory, name), text, { mode: 0o600 });
  }
}
