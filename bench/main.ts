import { readFileSync } from "node:fs";
import { readOptions, UsageError, usage } from "./options";
import { median, readResult, table, writeReadme } from "./report";
import { bench, type Outcome } from "./run";

const readmeRuns = 3;

async function main(words: string[]): Promise<number> {
  const options = readOptions(words);
  if (options === undefined) {
    console.log(usage);
    return 0;
  }
  const peer =
    options.peer === undefined
      ? undefined
      : readResult(readFileSync(options.peer, "utf8"), options.peer);
  const outcomes: Outcome[] = [];
  for (let run = 0; run < (options.readme ? readmeRuns : 1); run++) {
    outcomes.push(await bench(options));
  }
  const result = median(outcomes.map((outcome) => outcome.result));
  if (options.readme) writeReadme(options, result, peer);
  if (!options.json) console.log(`${table(result, peer)}\n`);
  console.log(JSON.stringify(result));
  return outcomes.every(({ sound }) => sound) ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    const usageError = error instanceof UsageError;
    console.error(usageError ? `${error.message}\n\n${usage}` : error.message);
    process.exitCode = usageError ? 2 : 1;
  },
);
