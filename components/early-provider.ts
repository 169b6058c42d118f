import { invoke } from "@pulumi/pulumi/runtime/invoke";

/**
 * Has the engine start the process of the dynamic providers while the program
 * still loads; by itself it waits for the first resource. No provider has this
 * function, and its refusal is all that comes of it.
 */
void invoke("pulumi-nodejs:dynamic:start", {}).catch(() => undefined);
