import { type ManifestError, parseSite } from "../../site";

/** What the loader says against a manifest; nothing when it is good. */
export function problems(text: string): string {
  try {
    parseSite(text, "site.yaml");
    return "";
  } catch (error) {
    return (error as ManifestError).message;
  }
}
