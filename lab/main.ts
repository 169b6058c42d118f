import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { loadSite, type Site } from "../site";
import { labDirectory, root } from "./paths";
import type { Summary } from "./proxmox";
import { pulumiEnvironment, runPulumi } from "./pulumi";
import { recover } from "./recover";
import { type Access, openLab, type SiteLab } from "./site-lab";
import { prepareStack } from "./stack";
import { summarize } from "./summary";
import { drift, fault, help } from "./verbs";

const up = ["up", "--yes", "--policy-pack", join(root, "policy")];

async function main([verb, ...words]: string[]): Promise<number> {
  switch (verb) {
    case "--help":
    case "help":
      return say(help);
    case "fault":
      return say(await fault(words));
    case "drift":
      return say(await drift(words));
    case "reset":
      return reset();
    case "env":
      return withLab(async () => say(environment()));
    case "serve":
      return withLab(serve);
    case undefined:
      return withLab(async (lab, site) => {
        await recover();
        const { code } = await runPulumi(up);
        if (code === 0) {
          const nodes = (await lab.control({ do: "summary" })) as Summary;
          say(summarize(site, nodes, manifest()));
        }
        return code;
      });
    default:
      return withLab(async () => {
        await recover();
        return (await runPulumi([verb, ...words])).code;
      });
  }
}

/** With the lab up and its stack there. */
async function withLab(
  work: (lab: SiteLab, site: Site) => Promise<number>,
): Promise<number> {
  const site = loadSite(join(root, manifest()));
  const lab = await openLab(site);
  try {
    await prepareStack(site, await lab.access());
    return await work(lab, site);
  } finally {
    await lab.close();
  }
}

function manifest(): string {
  const file = parse(readFileSync(join(root, "Pulumi.dev.yaml"), "utf8")) as {
    config: Record<string, string>;
  };
  return file.config["hybrid-site:manifest"] ?? "environments/dev.yaml";
}

async function serve(lab: SiteLab): Promise<number> {
  if (lab.attached) {
    console.error("The lab is up already; this only shows where.");
  }
  say(exports(await lab.access()));
  if (lab.attached) return 0;
  console.error("The lab is up; Ctrl-C ends it.");
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  return 0;
}

function exports({ endpoints, tokens }: Access): string {
  return Object.entries(endpoints)
    .map(([node, { url, fingerprint }]) => {
      const name = node.toUpperCase().replaceAll("-", "_");
      return [
        `export PROXMOX_VE_ENDPOINT_${name}='${url}'`,
        `export PROXMOX_VE_FINGERPRINT_${name}='${fingerprint}'`,
        `export PROXMOX_VE_API_TOKEN_${name}='${tokens[node]}'`,
      ].join("\n");
    })
    .join("\n");
}

function environment(): string {
  const lines = Object.entries(pulumiEnvironment).map(
    ([key, value]) => `export ${key}='${value}'`,
  );
  console.error("Keep the lab up in another terminal: npm run lab -- serve");
  return [`cd '${labDirectory}'`, ...lines].join("\n");
}

function reset(): number {
  rmSync(labDirectory, { recursive: true, force: true });
  return say("The lab's world and the stack's state are forgotten.");
}

function say(text: string): number {
  console.log(text);
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
