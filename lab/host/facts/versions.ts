import { gnu } from "../coreutils/gnu";
import type { Tool } from "../tool";
import type { FactsSpec } from "./spec";

const dpkgQuery: Tool = (call) => {
  const parsed = gnu(call, "dpkg-query", {
    show: { type: "boolean", short: "W" },
    showformat: { type: "string", short: "f" },
  });
  if (parsed === undefined) return 2;
  const { flags, operands } = parsed;
  if (!flags.show) {
    call.stderr.write("dpkg-query: error: need an action option\n");
    return 2;
  }
  const { packages = {} } = call.world.load<Partial<FactsSpec>>("facts", {});
  const format = `${flags.showformat ?? "$" + "{binary:Package}\\t$" + "{Version}\\n"}`;
  const names = operands.length > 0 ? operands : Object.keys(packages).sort();
  let code = 0;
  for (const name of names) {
    const version = packages[name];
    if (version === undefined) {
      call.stderr.write(`dpkg-query: no packages found matching ${name}\n`);
      code = 1;
      continue;
    }
    const values: Record<string, string> = {
      Package: name,
      "binary:Package": name,
      Version: version,
      "db:Status-Status": "installed",
      "db:Status-Abbrev": "ii ",
    };
    call.stdout.write(
      format
        .replace(/\$[{]([\w:-]+)[}]/g, (_all, key: string) => values[key] ?? "")
        .replace(/\\n/g, "\n")
        .replace(/\\t/g, "\t"),
    );
  }
  return code;
};

const uname: Tool = (call) => {
  const parsed = gnu(call, "uname", {
    "kernel-release": { type: "boolean", short: "r" },
    "kernel-name": { type: "boolean", short: "s" },
    nodename: { type: "boolean", short: "n" },
    machine: { type: "boolean", short: "m" },
  });
  if (parsed === undefined) return 1;
  const { flags } = parsed;
  const { kernel = "" } = call.world.load<Partial<FactsSpec>>("facts", {});
  const isPlain = Object.keys(flags).length === 0;
  const words = [
    flags["kernel-name"] || isPlain ? "Linux" : "",
    flags.nodename ? call.world.name : "",
    flags["kernel-release"] ? kernel : "",
    flags.machine ? "x86_64" : "",
  ];
  call.stdout.write(`${words.filter(Boolean).join(" ")}\n`);
  return 0;
};

const pveversion: Tool = (call) => {
  const facts = call.world.load<Partial<FactsSpec>>("facts", {});
  const version = facts.packages?.["pve-manager"];
  if (version === undefined) {
    call.stderr.write("pveversion: not found\n");
    return 127;
  }
  call.stdout.write(
    `pve-manager/${version}/9d436f37a0ac4172 (running kernel: ${facts.kernel})\n`,
  );
  return 0;
};

export const tools: Record<string, Tool> = {
  "dpkg-query": dpkgQuery,
  uname,
  pveversion,
};
