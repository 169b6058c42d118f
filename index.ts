import "./components/stack-traces";
import { Config } from "@pulumi/pulumi/config";
import { RunError } from "@pulumi/pulumi/errors";
import * as log from "@pulumi/pulumi/log";
import { NetworkFabric } from "./components/network-fabric";
import { SiteProxmoxHost } from "./components/proxmox-host";
import { ServiceVm } from "./components/service-vm";
import { judge, loadSite, ManifestError, type Site } from "./site";
import { formatPath } from "./site/problem";

const file = new Config("hybrid-site").require("manifest");
const site = check(load());

new NetworkFabric(site);
const hosts = new Map(
  site.proxmox.hosts.map((host) => [
    host.host,
    new SiteProxmoxHost(site, host),
  ]),
);
const guests = site.guests.map((guest) => {
  const templates = hosts.get(guest.host)?.templates ?? [];
  return new ServiceVm(site, guest, guest.from === "clone" ? templates : []);
});

/** VM id and addresses of each guest. */
export const machines = Object.fromEntries(
  guests.map(({ machine }, index) => [
    site.guests[index]?.name ?? "",
    { vmId: machine.vmNumber, addresses: machine.addresses },
  ]),
);

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
