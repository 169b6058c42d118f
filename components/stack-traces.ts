/**
 * Pulumi's runner has every stack trace mapped by source-map-support, and the
 * SDK takes one for each promise and resource. tsx has Node map those that are
 * shown, so the mapping is given up: it was a third of the program's time.
 */
Reflect.deleteProperty(Error, "prepareStackTrace");
