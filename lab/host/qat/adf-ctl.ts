import type { Call, Tool } from "../tool";
import type { HostWorld } from "../world";
import { readConfiguration } from "./configuration";
import { isBound, presentIn, start, stop } from "./driver";
import { show } from "./show";
import { factsIn, loadQat, type QatState, saveQat } from "./state";

/** Of the out-of-tree driver: with the in-tree one there is no such program. */
export const adfCtl: Tool = (call) => {
  const state = loadQat(call.world);
  if (state.package !== "out-of-tree") {
    call.stderr.write("env: 'adf_ctl': No such file or directory\n");
    return 127;
  }
  const words = [...call.words];
  const [device, verb = "status"] = words[0]?.startsWith("qat_dev")
    ? [words.shift(), words.shift()]
    : [undefined, words.shift()];
  if (words.length > 0 || !["status", "up", "down", "restart"].includes(verb)) {
    call.stderr.write("usage: adf_ctl [qat_devN] [up|down|restart|status]\n");
    return 1;
  }
  const all = presentIn(state);
  const chosen = all.filter(
    (_address, number) => device === undefined || device === `qat_dev${number}`,
  );
  if (!("qat_c62x" in state.modules) || chosen.length === 0) {
    call.stderr.write("No devices found\n");
    return 1;
  }
  if (verb === "status") return status(call, state, chosen);
  if (verb !== "up") for (const address of chosen) stop(state, address);
  const problems = verb === "down" ? [] : startAll(call.world, state, chosen);
  saveQat(call.world, state);
  show(call.world);
  for (const problem of problems) call.stderr.write(`${problem}\n`);
  return problems.length > 0 ? 1 : 0;
};

function status(
  call: Call,
  state: QatState,
  chosen: readonly string[],
): number {
  const all = presentIn(state);
  const say = (text: string) => call.stdout.write(`${text}\n`);
  const group = (address: string) =>
    factsIn(call.world).pci?.find((item) => item.address === address);
  say("Checking status of all devices.");
  say(`There is ${chosen.length} QAT acceleration device(s) in the system:`);
  for (const address of chosen) {
    const number = all.indexOf(address);
    const isUp = state.endpoints[address]?.isStarted;
    if (group(address) === undefined) continue;
    say(
      ` qat_dev${number} - type: c6xx,  inst_id: ${number},  node_id: 0,  bsf: ${address},  #accel: 5 #engines: 10 state: ${isUp ? "up" : "down"}`,
    );
  }
  return 0;
}

/** Why some do not start. */
export function startAll(
  world: HostWorld,
  state: QatState,
  chosen: readonly string[],
): string[] {
  const all = presentIn(state);
  return chosen.flatMap((address) => {
    const number = all.indexOf(address);
    const found = readConfiguration(world, number);
    if (state.endpoints[address]?.isStarted) return [];
    if (!isBound(world, state, address)) return [];
    if (found === undefined)
      return [`Failed to open config file /etc/c6xx_dev${number}.conf`];
    if (found.problem) {
      state.log.push(`c6xx ${address}: ${found.problem}`);
      return [`Failed to configure qat_dev${number}: ${found.problem}`];
    }
    return start(world, state, address, found)
      ? []
      : [`Failed to start qat_dev${number}`];
  });
}

/** What qat_service does: what one device lacks is in the log, and no failure of the unit. */
export const serviceUnits = {
  "qat_service.service": {
    start(world: HostWorld) {
      const state = loadQat(world);
      startAll(world, state, presentIn(state));
      saveQat(world, state);
      show(world);
    },
    stop(world: HostWorld) {
      const state = loadQat(world);
      for (const address of presentIn(state)) stop(state, address);
      saveQat(world, state);
      show(world);
    },
  },
};
