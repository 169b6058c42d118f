// The one file that Pulumi's dynamic provider process loads, by the text that
// every resource carries under `__provider`. Its path, its form and the kinds'
// names are a contract with every state file: add, never rename.
require("./typescript.cjs");

module.exports = (kind) => require("./registry.ts").provider(kind);
