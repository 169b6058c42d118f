import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { loadSite } from "../load";
import { isRouted } from "../uci";
import { imageRecipe } from ".";

const usage = `usage: npm run image -- --site FILE --out DIR
Writes the recipe of the router's image: then run DIR/build.sh on a machine
with Linux and internet. Nothing in DIR is for a repository.`;

/** A recipe of before goes, and what was built and made secret stays. */
export function writeRecipe(file: string, directory: string): void {
  const site = loadSite(file);
  if (!isRouted(site)) {
    throw new Error(
      `Unable to make the image of ${file}: it has no router. Add the areas wan and router.`,
    );
  }
  const recipe = imageRecipe(site);
  rmSync(join(directory, "files"), { recursive: true, force: true });
  for (const [path, { text, isProgram }] of Object.entries(recipe)) {
    const target = join(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text, { mode: isProgram ? 0o755 : 0o644 });
  }
}

function main(): void {
  const { values } = parseArgs({
    options: {
      site: { type: "string" },
      out: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  if (values.site === undefined || values.out === undefined) {
    throw new Error("--site and --out are needed.");
  }
  writeRecipe(values.site, values.out);
  const script = join(relative("", values.out) || ".", "build.sh");
  console.log(`Written. Now, with a public key for root's SSH:
  sh ${script} --ssh-key ~/.ssh/id_ed25519.pub`);
}

if (require.main === module) {
  try {
    main();
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exitCode = 2;
  }
}
