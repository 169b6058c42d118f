import { writeFileSync } from "node:fs";
import { z } from "zod";
import { manifest } from "./manifest";

/** JSON Schema of the manifest, for editors. */
export function schemaText(): string {
  const schema = z.toJSONSchema(manifest, { io: "input" });
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (require.main === module) {
  writeFileSync("environments/site.schema.json", schemaText());
}
