import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { loadSite } from "../site";
import { Configuration } from "./dynamic/configuration";
import { ProxmoxClient } from "./proxmox/client";
import { belongsTo, findGuest } from "./proxmox/guests/find";

const usage = `usage: npm run orphans -- [--stack NAME]
Lists what carries the site's mark on its devices and is in no resource of the stack.
On the lab, kept up by "npm run lab -- serve": eval "$(npm run -s lab -- env)" before.`;

interface Exported {
  deployment: { resources?: { inputs?: { owner?: string } }[] };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", default: "dev" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const pulumi = (...words: string[]) =>
    run([...words, "--stack", values.stack]);
  const config = JSON.parse(
    pulumi("config", "--json", "--show-secrets"),
  ) as Record<string, { value: string }>;
  const { deployment } = JSON.parse(pulumi("stack", "export")) as Exported;
  const owned = new Set(
    deployment.resources?.map(({ inputs }) => inputs?.owner),
  );
  const site = loadSite(config["hybrid-site:manifest"]?.value ?? "");
  const configuration = new Configuration((key) => config[key]?.value);
  let count = 0;
  for (const { host } of site.proxmox.hosts) {
    const endpoint = configuration.endpoints[host]?.proxmox;
    const credential = configuration.credentials[host]?.proxmox;
    if (!endpoint || !credential) continue;
    const client = new ProxmoxClient({ host, endpoint, credential });
    const session = client.session(AbortSignal.timeout(60_000));
    for (const { vmid, node } of await session.guests()) {
      const guest =
        vmid && node ? await findGuest(session, node, vmid) : undefined;
      const mark = guest?.mark;
      const ours = mark?.owner.startsWith(`${site.site.id}/`);
      if (!guest || !mark || !ours || !belongsTo(guest, mark.owner)) continue;
      if (owned.has(mark.owner)) continue;
      count++;
      console.log(
        `${host}: guest ${vmid} "${guest.config.name}" of ${mark.owner}`,
      );
    }
    await client.close();
  }
  console.log(
    count === 0
      ? "No orphans."
      : `${count} ${count === 1 ? "carries" : "carry"} the site's mark and ${count === 1 ? "is" : "are"} in no resource of stack "${values.stack}".`,
  );
  return 0;
}

function run(args: string[]): string {
  const launcher = require.resolve("pulumi/run.js");
  // npm changes to the project's folder; the stack is that of the user's.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [launcher, ...args],
    { cwd, encoding: "utf8", maxBuffer: 1e9 },
  );
  if (status !== 0) {
    throw new Error(
      `Unable to read stack: pulumi ${args.slice(0, 2).join(" ")} said: ${stderr.trim()}`,
    );
  }
  return stdout;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
