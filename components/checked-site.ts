import { RunError } from "@pulumi/pulumi/errors";
import * as log from "@pulumi/pulumi/log";
import {
  isRouted,
  judge,
  loadLocated,
  ManifestError,
  type Site,
} from "../site";
import { differences } from "../site/matrix";
import { formatPlace } from "../site/problem";

/** The manifest's site; an error ends the program before anything is declared, and so touched. */
export function checkedSite(file: string): Site {
  const { site, lineOf } = load(file);
  const findings = judge(site).map(({ severity, rule, message, path }) => ({
    severity,
    text: `${rule}: ${message}\n  at ${formatPlace(path, lineOf(path))} of ${file}`,
  }));
  for (const { severity, text } of findings) {
    if (severity === "warning") log.warn(text);
  }
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    throw new RunError(errors.map(({ text }) => text).join("\n"));
  }
  if (isRouted(site)) {
    const wrong = differences(site);
    if (wrong.length > 0) {
      throw new RunError(
        `firewall-matrix: the firewall made of ${file} is not what it says; nothing was touched. Please report this, it is a fault of hybrid-site:\n${wrong.join("\n")}`,
      );
    }
  }
  return site;
}

function load(file: string) {
  try {
    return loadLocated(file);
  } catch (error) {
    // Shown as it is, without a stack.
    if (error instanceof ManifestError) throw new RunError(error.message);
    throw error;
  }
}
