import type { Tool } from "../tool";
import { configurationFile, effective } from "./effective";
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
  const lines = (parameters: ReadonlyMap<string, string>) => {
    const all = [...parameters].map(([key, value]): [string, string] => {
      const parameter = parameterOf(key);
      return [key, parameter ? shown(parameter, value) : value];
    });
    const isOwn = ([key, value]: [string, string]) => {
      const parameter = parameterOf(key);
      return parameter === undefined || value !== parameter.default;
    };
    const order = ([key]: [string, string]) =>
      `${key.includes(":") ? 1 : 0}${key}`;
    return all
      .filter(isOwn)
      .sort((left, right) => (order(left) < order(right) ? -1 : 1))
      .map(([key, value]) => `\t${key} = ${value}\n`)
      .join("");
  };
  if (section !== undefined) {
    const own = found.shares.find(({ name }) => isSame(name, section));
    if (own === undefined) {
      say(`Unknown section ${section}`);
      return 1;
    }
    stdout.write(`\n[${own.name}]\n${lines(own.parameters)}`);
    return 0;
  }
  say("Server role: ROLE_STANDALONE\n");
  stdout.write(
    `# Global parameters\n[global]\n${lines(found.global)}\tidmap config * : backend = tdb\n`,
  );
  for (const { name, parameters } of found.shares)
    stdout.write(`\n\n[${name}]\n${lines(parameters)}`);
  return 0;
};
