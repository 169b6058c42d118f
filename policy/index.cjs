// The policy host gives no way to preload a loader.
require("tsx/cjs");
require("./pack.ts");
