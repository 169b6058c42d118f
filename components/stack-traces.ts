import debuggable = require("@pulumi/pulumi/runtime/debuggable");

/**
 * Pulumi's runner has every stack trace mapped by source-map-support, and the
 * SDK takes one for each promise and resource. tsx has Node map those that are
 * shown, so the mapping is given up: it was a third of the program's time.
 */
Reflect.deleteProperty(Error, "prepareStackTrace");

/**
 * Three promises for each input of each resource, whose traces the SDK shows
 * with PULUMI_DEBUG_PROMISE_LEAKS alone: without it none is taken, which was a
 * fifth of the program's time with 50 guests.
 */
type Watch = (promise: Promise<unknown>, context: string) => Promise<unknown>;

if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) {
  const watch: Watch = Reflect.get(debuggable, "debuggablePromise");
  const untraced: Watch = (promise, context) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return watch(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
  Reflect.set(debuggable, "debuggablePromise", untraced);
}
