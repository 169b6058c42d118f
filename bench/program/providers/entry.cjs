// Every resource's `__provider` names this path from its program's folder.
module.exports = require("../../../providers/entry.cjs");
