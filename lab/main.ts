import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import { loadSite, type Site } from "../site";
import { deviceExports, pulumiExports } from "./exports";
import type { LineSummary } from "./openwrt";
import { root } from "./paths";
import type { Summary } from "./proxmox";
import { runCheck, runOnStack, runPulumi } from "./pulumi";
import { recover } from "./recover";
import { alone, forget, oneAtATime, openLab, type SiteLab } from "./site-lab";
import { prepareStack } from "./stack";
import { summarize } from "./summary";
import { drift, fault, help, ownVerbMeant } from "./verbs";

const up = ["up", "--yes", "--policy-pack", join(root, "policy")];

/** Commands that need the stack for themselves. */
const writes = /^(up|update|refresh|destroy|import)$/;
const unfinished = "Not finished: npm run lab goes on where this has stopped.";
/** What the providers say is said to users of any stack. */
const translation =
  'What a message calls "pulumi up" or "pulumi refresh" is here: npm run lab, npm run lab -- refresh.';

async function main([verb, ...words]: string[]): Promise<number> {
  switch (verb) {
    case "--help":
    case "help":
      return say(help);
    case "fault":
      return say(await fault(words, site));
    case "drift":
      return say(await drift(words, site));
    case "reset":
      if (words.includes("--help")) return say(help);
      await forget();
      return say("The lab's world and the stack's state are forgotten.");
    case "env":
      return words.includes("--help") ? say(help) : withLab(environment);
    case "serve":
      return words.includes("--help") ? say(help) : withLab(serve);
    case "orphans":
    case "locate":
      return withLab(async () => runOnStack(verb, words));
    case undefined:
      return withLab(async (lab, site) => {
        const { code } = await alone(() => runPulumi(up));
        if (code === 0) await tell(lab, site);
        else console.error(`${unfinished}\n${translation}`);
        return code;
      });
    case "status":
      return words.includes("--help") ? say(help) : status();
    case "check":
      return runCheck(words.length > 0 ? words : ["--site", manifest()]);
    default: {
      const meant = ownVerbMeant(verb);
      if (meant !== undefined) {
        throw new Error(
          `Unable to run "${verb}": neither the lab nor Pulumi has it, did you mean "${meant}"?`,
        );
      }
      return withLab(async () => {
        const run = () => runPulumi([verb, ...words]);
        if (!writes.test(verb)) {
          await recover();
          return (await run()).code;
        }
        const { code } = await alone(run);
        if (code !== 0) console.error(translation);
        return code;
      });
    }
  }
}

const settlingMs = 1_000;

const site = () => loadSite(resolve(root, manifest()));

/** With the lab up and its stack there. */
async function withLab(
  work: (lab: SiteLab, site: Site) => Promise<number>,
): Promise<number> {
  const loaded = site();
  const lab = await openLab(loaded);
  try {
    const access = await lab.access();
    await oneAtATime(() => prepareStack(loaded, manifest(), access));
    return await work(lab, loaded);
  } finally {
    await lab.close();
  }
}

/** What exists in the lab, by its devices alone. */
async function status(): Promise<number> {
  const loaded = site();
  const lab = await openLab(loaded);
  try {
    // A router that has just started sets its lines up first.
    if (!lab.attached) await sleep(settlingMs);
    return await tell(lab, loaded);
  } finally {
    await lab.close();
  }
}

async function tell(lab: SiteLab, site: Site): Promise<number> {
  const nodes = (await lab.control({ do: "summary" })) as Summary;
  const { lines } = site.router
    ? ((await lab.controlRouter({ do: "summary" })) as { lines: LineSummary[] })
    : { lines: [] };
  return say(summarize(site, nodes, lines, manifest()));
}

/** The stack's manifest, or another one for this lab. */
function manifest(): string {
  if (process.env.LAB_MANIFEST) return resolve(process.env.LAB_MANIFEST);
  const file = parse(readFileSync(join(root, "Pulumi.dev.yaml"), "utf8")) as {
    config: Record<string, string>;
  };
  return file.config["hybrid-site:manifest"] ?? "environments/dev.yaml";
}

async function serve(lab: SiteLab): Promise<number> {
  say(deviceExports(await lab.access()));
  if (lab.attached) {
    console.error("The lab is up already; this only shows where.");
    return 0;
  }
  console.error("The lab is up; Ctrl-C ends it.");
  await new Promise<void>((ended) => {
    process.once("SIGINT", ended);
    process.once("SIGTERM", ended);
  });
  return 0;
}

async function environment(lab: SiteLab): Promise<number> {
  if (!lab.attached) {
    console.error("Keep the lab up in another terminal: npm run lab -- serve");
  }
  return say(await pulumiExports());
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
