import type { Tool } from "../tool";
import { configurationFile, effective, inherited } from "./effective";
import { parameterOf, shown } from "./parameters";
import { isSame } from "./smb-conf";

const usage = `Usage: testparm [-?vlV] [-?|--help] [--usage] [-s|--suppress-prompt]
        [-v|--verbose] [-l|--skip-logic-checks] [--show-all-parameters]
        [--parameter-name=STRING] [--section-name=STRING]
        [-d|--debuglevel=DEBUGLEVEL] [--debug-stdout] [--option=name=value]
        [-V|--version] [OPTION...] <config-file> [host-name] [host-ip]`;

/** Ends with 0 for a parameter that it does not know, and for a path that is not there. */
export const testparm: Tool = ({ words, world, stdout, stderr }) => {
  const say = (line: string) => stderr.write(`${line}\n`);
  const operands: string[] = [];
  let section: string | undefined;
  for (const word of words) {
    const [, only] = /^--section-name=(.*)$/.exec(word) ?? [];
    if (only !== undefined) section = only;
    else if (!word.startsWith("-")) operands.push(word);
    else if (
      !["-s", "--suppress-prompt", "-l", "--skip-logic-checks"].includes(word)
    ) {
      say(`\nInvalid option ${word}: unknown option\n\n${usage}`);
      return 1;
    }
  }
  const [file = configurationFile, host, address] = operands;
  if (host !== undefined && address === undefined) {
    stdout.write(
      "ERROR: You must specify both a machine name and an IP address.\n",
    );
    return 1;
  }
  say(`Load smb config files from ${file}`);
  const found = effective(world, file, say);
  if (found === undefined) {
    say("Error loading services.");
    return 1;
  }
  say("Loaded services file OK.");
  say(
    "Weak crypto is allowed by GnuTLS (e.g. NTLM as a compatibility fallback)\n",
  );
  const lines = (
    parameters: ReadonlyMap<string, string>,
    defaults: ReadonlyMap<string, string> = new Map(),
  ) => {
    const keys = new Set([...parameters.keys(), ...defaults.keys()]);
    const rows = [...keys].flatMap((key): [string, string][] => {
      const parameter = parameterOf(key);
      if (parameter === undefined) return [[key, parameters.get(key) ?? ""]];
      const valueIn = (of: ReadonlyMap<string, string>) =>
        shown(parameter, of.get(key) ?? parameter.default);
      const value = valueIn(parameters);
      return value === valueIn(defaults) ? [] : [[key, value]];
    });
    const order = ([key]: [string, string]) =>
      `${key.includes(":") ? 1 : 0}${key}`;
    return rows
      .sort((left, right) => (order(left) < order(right) ? -1 : 1))
      .map(([key, value]) => `\t${key} = ${value}\n`)
      .join("");
  };
  // A share shows only in what it differs from these.
  const usual = inherited(found.global);
  if (section !== undefined) {
    const own = found.shares.find(({ name }) => isSame(name, section));
    if (own === undefined) {
      say(`Unknown section ${section}`);
      return 1;
    }
    stdout.write(`\n[${own.name}]\n${lines(own.parameters, usual)}`);
    return 0;
  }
  const servers = new Map([...found.global].filter(([key]) => !usual.has(key)));
  say("Server role: ROLE_STANDALONE\n");
  stdout.write(
    `# Global parameters\n[global]\n${lines(servers)}\tidmap config * : backend = tdb\n${lines(usual)}`,
  );
  for (const { name, parameters } of found.shares)
    stdout.write(`\n\n[${name}]\n${lines(parameters, usual)}`);
  return 0;
};
