import type { Call, Tool } from "../tool";
import { commandOf } from "./commands";
import { kernelOf, saveKernel } from "./kernel";
import { bind, Failure, parseLine } from "./line";
import { nodeAt, type Scope } from "./nodes";
import { logLine } from "./preferences";
import { get, set } from "./settings";

/** One command, its words joined; the shell that reads several from its input is none here. */
export const targetcli: Tool = (call) => {
  const { words, world, stderr } = call;
  const [first = ""] = words;
  if (["help", "--help", "-h"].includes(first)) {
    stderr.write(
      "Usage: /usr/bin/targetcli [--version|--help|CMD|--disable-daemon]\n",
    );
    return 255;
  }
  if (["version", "--version", "-v"].includes(first)) {
    stderr.write("/usr/bin/targetcli version 2.1.53\n");
    return 0;
  }
  if (words.length === 0) {
    stderr.write("the lab's targetcli takes a command as its arguments only\n");
    return 70;
  }
  if (call.user !== "root") {
    stderr.write(
      "opening lockfile failed: [Errno 13] Permission denied: '/var/run/targetcli.lock'\n",
    );
    return 1;
  }
  const line = words.join(" ");
  logLine(world, line);
  try {
    run(call, line);
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  }
};

function run({ world, stdout }: Call, text: string): void {
  const kernel = kernelOf(world);
  const line = parseLine(text);
  const node = nodeAt(kernel, line.path);
  const scope: Scope = {
    world,
    kernel,
    say: (said) => stdout.write(`${said}\n`),
  };
  const { command } = line;
  try {
    // A path alone leads there, and the shell ends there.
    if (command === "") return;
    if (command === "set") set(scope, node, line);
    else if (command === "get") get(scope, node, line);
    else {
      const found = commandOf(node, command);
      if (found === undefined)
        throw new Failure(`Command not found ${command}`);
      found.run(scope, node as never, bind(found, line));
    }
  } finally {
    // Each step of a command is done when it is made.
    saveKernel(world, kernel);
  }
}
