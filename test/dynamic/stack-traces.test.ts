import { execFileSync } from "node:child_process";
import { root } from "../support/lab-command";

/** The stack trace that a program keeps of a promise of the SDK. */
function kept(environment: NodeJS.ProcessEnv): string {
  const script = `
    require("./providers/typescript.cjs");
    require("./components/stack-traces.ts");
    const { debuggablePromise } = require("@pulumi/pulumi/runtime/debuggable");
    const promise = Promise.resolve();
    debuggablePromise(promise, "test").then(() =>
      console.log(promise._debugStackTrace + new Error("after").stack));`;
  return execFileSync(process.execPath, ["-e", script], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
}

test("no stack is walked for each promise, and an error still has its own", () => {
  expect(kept({})).toMatch(/^ErrorError: after\n +at /);
});

test("leaked promises can be traced where that is asked for", () => {
  const text = kept({ PULUMI_DEBUG_PROMISE_LEAKS: "true" });
  expect(text).toMatch(/^Error\n +at .*debuggable/);
});
