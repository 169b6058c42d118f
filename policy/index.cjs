// The policy host gives no way to preload a loader.
require("../providers/typescript.cjs");
require("./pack.ts");
