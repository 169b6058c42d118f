import "./components/stack-traces";
import { Config } from "@pulumi/pulumi/config";
import { RunError } from "@pulumi/pulumi/errors";
import * as log from "@pulumi/pulumi/log";
import type { Resource } from "@pulumi/pulumi/resource";
import { MultiWan } from "./components/multi-wan";
import { NetworkFabric } from "./components/network-fabric";
import { SiteProxmoxHost } from "./components/proxmox-host";
import { ServiceVm } from "./components/service-vm";
import { isRouted, judge, loadSite, ManifestError, type Site } from "./site";
import { formatPath } from "./site/problem";

const file = new Config("hybrid-site").require("manifest");

/** Outputs: VM id and addresses of each guest, and what waits for its next start. */
async function program() {
  const site = check(load());
  // The state keeps each resource's stack trace: without the runner's part.
  await undefined;
  const { bridges } = new NetworkFabric(site);
  const templates = new Map<string, readonly Resource[]>();
  for (const host of site.proxmox.hosts) {
    templates.set(host.host, new SiteProxmoxHost(site, host).templates);
  }
  const machines: Record<string, object> = {};
  for (const guest of site.guests) {
    const sources = guest.from === "clone" ? templates.get(guest.host) : [];
    const needs = [...(sources ?? []), ...(bridges.get(guest.host) ?? [])];
    const { machine } = new ServiceVm(site, guest, needs);
    const { vmNumber: vmId, addresses, pending } = machine;
    machines[guest.name] = { vmId, addresses, pending };
    if (isRouted(site) && site.router.guest === guest.name) {
      new MultiWan(site, machine);
    }
  }
  return { machines };
}

export = program;
function load(): Site {
  try {
    return loadSite(file);
  } catch (error) {
    // Shown as it is, without a stack.
    if (error instanceof ManifestError) throw new RunError(error.message);
    throw error;
  }
}

/** Nothing is declared, and so nothing touched, when a rule finds an error. */
function check(loaded: Site): Site {
  const findings = judge(loaded).map(({ severity, rule, message, path }) => ({
    severity,
    text: `${rule}: ${message} (${formatPath(path)} of ${file})`,
  }));
  for (const { severity, text } of findings) {
    if (severity === "warning") log.warn(text);
  }
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    throw new RunError(errors.map(({ text }) => text).join("\n"));
  }
  return loaded;
}
