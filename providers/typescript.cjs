// Has Node load this project's TypeScript. By itself tsx would also read and
// parse each file of node_modules that is loaded after it, which doubles the
// time that Pulumi's SDK takes to load; there is nothing to compile in them.
const { _extensions } = require("node:module");
const path = require("node:path");

const asItIs = _extensions[".js"];
require("tsx/cjs");
const compiled = _extensions[".js"];
const packages = `${path.sep}node_modules${path.sep}`;

_extensions[".js"] = (module, file) =>
  (file.includes(packages) ? asItIs : compiled)(module, file);
