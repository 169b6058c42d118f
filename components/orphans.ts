import { parseArgs } from "node:util";
import type { Configuration } from "../providers/dynamic/configuration";
import { connect, disconnect } from "../providers/host/connection";
import { UbusClient } from "../providers/openwrt/client";
import { readMark } from "../providers/openwrt/router/mark";
import { readFiles } from "../providers/openwrt/router/observe";
import { ProxmoxClient } from "../providers/proxmox/client";
import type { ProxmoxHost, Site } from "../site";
import { declaredBy } from "./declared";
import { markedOn } from "./machine-marks";
import { markedBy } from "./marked";
import { openStack } from "./stack";

const usage = `usage: npm run orphans -- [--stack NAME]
Lists what carries the site's mark on its devices and is neither in the stack's
state nor in the manifest. Ends with 3 when a host could not be looked at.
On the lab: npm run lab -- orphans.`;

const hostTimeoutMs = 120_000;

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
  const { site, configuration, pulumi } = openStack(values.stack);
  const { deployment } = JSON.parse(pulumi("stack", "export")) as Exported;
  const known = new Set([
    ...(deployment.resources ?? []).map(({ inputs }) => inputs?.owner),
    // A resource of the manifest takes up what an earlier attempt left.
    ...declaredBy(site),
  ]);
  const results = await Promise.all([
    ...site.proxmox.hosts.map((host) =>
      orphansOf(site, host, configuration, known),
    ),
    ...Object.keys(configuration.endpoints).map((host) =>
      orphanOfRouter(site, host, configuration, known),
    ),
    ...Object.keys(configuration.endpoints).map((host) =>
      orphansOnMachine(site, host, configuration, known),
    ),
  ]);
  await disconnect();
  // Each host tells of all guests of its cluster.
  const lines = [...new Set(results.flatMap(({ found }) => found))];
  for (const line of lines) console.log(line);
  const missed = results.flatMap(({ problem }) => problem ?? []);
  for (const problem of missed) console.error(problem);
  if (lines.length > 0) {
    const [verb, be] =
      lines.length === 1 ? ["carries", "is"] : ["carry", "are"];
    console.log(
      `${lines.length} ${verb} the site's mark and ${be} in no resource of stack "${values.stack}".`,
    );
  } else if (missed.length === 0) console.log("No orphans.");
  return missed.length === 0 ? 0 : 3;
}

interface Looked {
  found: string[];
  /** Why the host could not be looked at. */
  problem?: string;
}

async function orphansOf(
  site: Site,
  place: ProxmoxHost,
  configuration: Configuration,
  known: ReadonlySet<string | undefined>,
): Promise<Looked> {
  const { host, node = host } = place;
  const problem = (why: string) => ({
    found: [],
    problem: `Unable to look at host "${host}": ${why}. Nothing is known of what it holds.`,
  });
  const endpoint = configuration.endpoints[host]?.proxmox;
  const credential = configuration.credentials[host]?.proxmox;
  if (!endpoint || !credential) {
    return problem("its endpoint or credential is not configured");
  }
  const client = new ProxmoxClient({ host, endpoint, credential });
  try {
    const session = client.session(AbortSignal.timeout(hostTimeoutMs));
    const marked = await markedBy(site.site.id, session, node);
    const found = marked
      .filter(({ owner, kept }) => kept || !known.has(owner))
      .map(
        ({ what, node, owner }) =>
          `${hostOf(site, place, node)}: ${what} of ${owner}`,
      );
    return { found };
  } catch (error) {
    return problem((error as Error).message.replace(/\.$/, ""));
  } finally {
    await client.close();
  }
}

/** What a machine carries that is reached by SSH. */
async function orphansOnMachine(
  { site }: Site,
  host: string,
  configuration: Configuration,
  known: ReadonlySet<string | undefined>,
): Promise<Looked> {
  const { endpoints, credentials } = configuration;
  if (!endpoints[host]?.ssh || !credentials[host]?.ssh) return { found: [] };
  try {
    const machine = connect({ configuration }, host);
    const signal = AbortSignal.timeout(hostTimeoutMs);
    const marks = await markedOn(site.id, machine, signal);
    return {
      found: marks
        .filter(({ owner }) => !known.has(owner))
        .map(({ what, owner }) => `${host}: ${what} of ${owner}`),
    };
  } catch (error) {
    return {
      found: [],
      problem: `Unable to look at host "${host}" by SSH: ${(error as Error).message.replace(/\.$/, "")}. Nothing is known of what it holds.`,
    };
  }
}

/** The mark that a router's configuration carries. */
async function orphanOfRouter(
  { site }: Site,
  host: string,
  configuration: Configuration,
  known: ReadonlySet<string | undefined>,
): Promise<Looked> {
  const endpoint = configuration.endpoints[host]?.openwrt;
  const account = configuration.credentials[host]?.openwrt;
  if (!endpoint || !account) return { found: [] };
  const client = new UbusClient(host, endpoint, account);
  const signal = AbortSignal.timeout(hostTimeoutMs);
  try {
    const session = await client.login(signal, 60);
    const mark = readMark((await readFiles(session, signal)).system);
    const isOrphan =
      mark?.owner.startsWith(`${site.id}/`) && !known.has(mark.owner);
    return {
      found: isOrphan
        ? [`${host}: the router's configuration of ${mark?.owner}`]
        : [],
    };
  } catch (error) {
    return {
      found: [],
      problem: `Unable to look at router "${host}": ${(error as Error).message.replace(/\.$/, "")}. Nothing is known of what it holds.`,
    };
  } finally {
    await client.close();
  }
}

/** A node of the same cluster, by the host's name in the manifest if it is there. */
function hostOf({ proxmox }: Site, near: ProxmoxHost, node: string): string {
  const clusterOf = ({ host, cluster = host }: ProxmoxHost) => cluster;
  const found = proxmox.hosts.find(
    (other) =>
      clusterOf(other) === clusterOf(near) &&
      (other.node ?? other.host) === node,
  );
  return found?.host ?? node;
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
