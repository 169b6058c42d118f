import type { Tool } from "../tool";
import { Failure } from "./line";
import { clearKernel, restore } from "./restore";
import { readSaved, savedFile, writeSaved } from "./saved";

const usage = `syntax: /usr/bin/targetctl save [file_to_save_to]
        /usr/bin/targetctl restore [file_to_restore_from]
        /usr/bin/targetctl clear
  default file is: ${savedFile}
`;

export const targetctl: Tool = (call) => {
  const { world, words, stdout, stderr } = call;
  if (call.user !== "root") {
    stderr.write("Must run as root\n");
    return 255;
  }
  const [verb = "", file = savedFile] = words;
  if (words.length > 2 || !["save", "restore", "clear"].includes(verb)) {
    stderr.write(usage);
    return 255;
  }
  const crash = (error: string) => {
    stderr.write(`Traceback (most recent call last):\n${error}\n`);
    return 1;
  };
  try {
    if (verb === "clear") clearKernel(world);
    else if (verb === "save") writeSaved(world, file);
    else {
      const saved = readSaved(world, file);
      if (saved === undefined) {
        stdout.write(`No saved config file at ${file}, ok, exiting\n`);
        return 0;
      }
      // Said, and no failure to the tool, nor to the unit that runs it.
      for (const error of restore(world, saved)) stderr.write(`${error}\n`);
    }
    return 0;
  } catch (error) {
    if (error instanceof SyntaxError)
      return crash(`json.decoder.JSONDecodeError: ${error.message}`);
    if (error instanceof Failure)
      return crash(`rtslib_fb.utils.RTSLibError: ${error.message}`);
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      return crash(
        `FileNotFoundError: [Errno 2] No such file or directory: '${file}.temp'`,
      );
    throw error;
  }
};
