import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RoutedSite } from "../uci";
import { overlay } from "./overlay";
import { recipe } from "./recipe";

export { acl } from "./acl";

/** A file of the recipe; `isProgram`: may be run. */
export interface RecipeFile {
  text: string;
  isProgram?: boolean;
}

/** Everything that a router's image is built of, by path. */
export function imageRecipe(site: RoutedSite): Record<string, RecipeFile> {
  const files = Object.entries(overlay(site)).map(([path, text]) => [
    `files/${path}`,
    { text },
  ]);
  return {
    // Keys and passwords are made in there.
    ".gitignore": { text: "*\n" },
    "recipe.env": { text: recipe(site) },
    "build.sh": program("build.sh"),
    "upgrade.sh": program("upgrade.sh"),
    "files/etc/init.d/hybrid-site-guard": program("hybrid-site-guard"),
    "files/etc/uci-defaults/90-hybrid-site": program("hybrid-site-defaults"),
    ...(Object.fromEntries(files) as Record<string, RecipeFile>),
  };
}

function program(name: string): RecipeFile {
  const text = readFileSync(join(__dirname, "files", name), "utf8");
  return { text, isProgram: true };
}
