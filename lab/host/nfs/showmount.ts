import type { Tool } from "../tool";
import { readEtab } from "./etab";
import { isServing } from "./service";

export const showmount: Tool = (call) => {
  let headers = true;
  let isExports = false;
  const operands: string[] = [];
  for (const word of call.words) {
    if (word === "--no-headers") headers = false;
    else if (word === "-e" || word === "--exports") isExports = true;
    else if (!word.startsWith("-")) operands.push(word);
    else {
      if (word.startsWith("--"))
        call.stderr.write(`showmount: unrecognized option '${word}'\n`);
      else call.stderr.write(`showmount: invalid option -- '${word[1]}'\n`);
      call.stderr.write(
        "Usage: showmount [-adehv]\n       [--all] [--directories] [--exports]\n       [--no-headers] [--help] [--version] [host]\n",
      );
      return 1;
    }
  }
  if (operands.length > 1) {
    call.stderr.write("showmount: only one hostname is allowed\n");
    return 1;
  }
  const [host = call.world.name] = operands;
  const isSelf = /^(localhost|127\.)/.test(host) || host === call.world.name;
  if (!isSelf || !isServing(call.world)) {
    call.stderr.write("clnt_create: RPC: Unable to receive\n");
    return 1;
  }
  if (!isExports) {
    if (headers) call.stdout.write(`Hosts on ${host}:\n`);
    return 0;
  }
  if (headers) call.stdout.write(`Export list for ${host}:\n`);
  const clients = new Map<string, string[]>();
  for (const { path, client } of readEtab(call.world)) {
    const name = client === "*" ? "(everyone)" : client;
    clients.set(path, [...(clients.get(path) ?? []), name]);
  }
  const width = Math.max(0, ...[...clients.keys()].map((path) => path.length));
  for (const [path, names] of clients)
    call.stdout.write(`${path.padEnd(width)} ${names.join(",")}\n`);
  return 0;
};
