/**
 * The SDK takes a stack trace for each promise, and for each resource one that
 * goes into the state. Pulumi's runner has them all mapped by
 * source-map-support: given up, because tsx has Node map those that are shown,
 * and it was a third of the program's time. Deeper frames than these are the
 * runner's own.
 */
Reflect.deleteProperty(Error, "prepareStackTrace");
Error.stackTraceLimit = 8;
