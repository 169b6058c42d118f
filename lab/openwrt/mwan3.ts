import type { Faults } from "./faults";
import type { Flash } from "./flash";
import type { Netifd } from "./netifd";
import type { OpenwrtSpec } from "./spec";
import type { UciFile, UciSection } from "./uci/file";

type State =
  | "online"
  | "offline"
  | "connecting"
  | "disconnecting"
  /** Its interface is down: nothing is probed. */
  | "disabled";

interface Tracker {
  section: UciSection;
  status: State;
  /** Whether policies count on it: what hotplug was told last. */
  isUsed: boolean;
  since: number;
  judgedAt?: number;
  /** Written with the first round only. */
  score: number;
  lost: number;
  turn: number;
  /** Of those that were asked. */
  targets: Map<string, "up" | "down" | "skipped">;
  timer?: NodeJS.Timeout;
}

/** The init script's `sleep 2` between stop and start. */
const restartMs = 2_000;
const pingMs = 20;
const ifupMs = 100;
const longestInterfaceName = 13;
const longestName = 15;

/** mwan3 with a tracker for each line, in real time. */
export class Mwan3 {
  #running: UciFile | undefined;
  readonly #trackers = new Map<string, Tracker>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly flash: Flash,
    private readonly faults: Faults,
    private readonly netifd: Netifd,
    private readonly spec: OpenwrtSpec,
    private readonly warn: (line: string) => void,
  ) {}

  start(): void {
    this.#running = this.flash.config("mwan3") ?? [];
    for (const section of this.#running) this.#judge(section);
    for (const section of this.#interfaces()) this.#track(section);
  }

  /** Stop and start: the trackers' knowledge is gone, and each begins as online. */
  restart(): void {
    this.stop();
    this.#timer = setTimeout(() => this.start(), restartMs);
  }

  /** hotplug: what came up is probed anew. */
  bounced(names: readonly string[]): void {
    for (const name of names) {
      const known = this.#trackers.get(name);
      if (known === undefined) continue;
      clearTimeout(known.timer);
      this.#track(known.section);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const { timer } of this.#trackers.values()) clearTimeout(timer);
    this.#trackers.clear();
    this.#running = undefined;
  }

  status(part: string | undefined, name: string | undefined): object {
    // It reads the file, which is there while the trackers are not.
    const interfaces = Object.fromEntries(
      (this.flash.config("mwan3") ?? [])
        .filter(({ type }) => type === "interface")
        .filter((section) => name === undefined || section.name === name)
        .map((section) => [section.name, this.#shown(section)]),
    );
    const all = {
      interfaces,
      connected: { ipv4: [], ipv6: [] },
      policies: this.#policies(),
    };
    if (part === undefined) return all;
    // A part that it does not know is all of them.
    return part in all ? { [part]: all[part as keyof typeof all] } : all;
  }

  #interfaces(): UciSection[] {
    return (this.#running ?? []).filter(({ type }) => type === "interface");
  }

  /** What mwan3 passes over with a line in its log, and no error. */
  #judge({ type, name, options }: UciSection): void {
    const limits: Record<string, number> = {
      interface: longestInterfaceName,
      policy: longestName,
      rule: longestName,
      member: longestName,
    };
    if (name.length > (limits[type] ?? Number.POSITIVE_INFINITY))
      this.warn(
        `mwan3: ${type} ${name} exceeds max of ${limits[type]} chars. Not setting ${type}`,
      );
    if (type === "member" && Number(options.get("metric") ?? 1) > 256)
      this.warn(`mwan3: Member ${name} metric is > 256`);
  }

  #track(section: UciSection): void {
    const { name, options } = section;
    if (options.get("enabled") !== "1" || name.length > longestInterfaceName)
      return;
    const tracker: Tracker = {
      section,
      status: "disabled",
      isUsed: false,
      since: Date.now(),
      score: 0,
      lost: 0,
      turn: 0,
      targets: new Map(),
    };
    this.#trackers.set(name, tracker);
    this.#connect(tracker);
  }

  /** With its interface it begins as online, unprobed. */
  #connect(tracker: Tracker): void {
    const { section } = tracker;
    if (!this.#isUp(section.name)) {
      tracker.status = "disabled";
      tracker.isUsed = false;
      tracker.timer = setTimeout(() => this.#connect(tracker), ifupMs);
      return;
    }
    const isOnline = section.options.get("initial_state") !== "offline";
    const score = isOnline
      ? numberOf(section, "down", 5) + numberOf(section, "up", 5)
      : 0;
    Object.assign(tracker, { score, lost: 0, turn: 0 });
    tracker.targets.clear();
    this.#turn(tracker, isOnline ? "online" : "offline");
    this.#round(tracker, score, targetsOf(section), 0);
  }

  #isUp(name: string): boolean {
    return this.netifd.find(name)?.up === true;
  }

  #turn(tracker: Tracker, status: "online" | "offline"): void {
    tracker.status = status;
    tracker.isUsed = status === "online";
    tracker.since = Date.now();
  }

  /** Each target in its turn, until enough have answered: one that is silent takes its whole time-out. */
  #round(
    tracker: Tracker,
    score: number,
    left: readonly string[],
    up: number,
  ): void {
    const { section } = tracker;
    if (targetsOf(section).length === 0) return;
    if (!this.#isUp(section.name)) {
      this.#connect(tracker);
      return;
    }
    const [ip, ...others] = left;
    if (ip === undefined) {
      this.#judgeRound(tracker, score, up);
      return;
    }
    if (up >= numberOf(section, "reliability", 1)) {
      tracker.targets.set(ip, "skipped");
      this.#round(tracker, score, others, up);
      return;
    }
    const answers = this.#answers(section.name, ip);
    const silentMs =
      numberOf(section, "count", 1) * numberOf(section, "timeout", 4) * 1_000;
    tracker.timer = setTimeout(
      () => {
        tracker.targets.set(ip, answers ? "up" : "down");
        if (!answers) tracker.lost++;
        this.#round(tracker, score, others, up + Number(answers));
      },
      answers ? pingMs : silentMs,
    );
  }

  #judgeRound(tracker: Tracker, before: number, answered: number): void {
    const { section } = tracker;
    const number = (key: string, otherwise: number) =>
      numberOf(section, key, otherwise);
    const [up, down] = [number("up", 5), number("down", 5)];
    const interval = number("interval", 10);
    let pause = interval;
    let score = before;
    if (answered < number("reliability", 1)) {
      score--;
      if (score < up) {
        score = 0;
        if (section.options.get("keep_failure_interval") === "1")
          pause = number("failure_interval", interval);
      } else {
        tracker.status = "disconnecting";
        pause = number("failure_interval", interval);
      }
      if (score === up) {
        this.#turn(tracker, "offline");
        score = 0;
      }
    } else {
      if (score < up + down && tracker.lost > 0) tracker.status = "connecting";
      score++;
      tracker.lost = 0;
      if (score > up) {
        tracker.status = "online";
        score = up + down;
      } else {
        tracker.status = "connecting";
        pause = number("recovery_interval", interval);
      }
      if (score === up) {
        this.#turn(tracker, "online");
        tracker.turn = 0;
      }
    }
    tracker.turn++;
    tracker.score = score;
    tracker.judgedAt = Date.now();
    tracker.timer = setTimeout(
      () => this.#round(tracker, score, targetsOf(section), 0),
      pause * 1_000,
    );
  }

  #answers(name: string, ip: string): boolean {
    const state = this.netifd.find(name);
    const card = this.netifd.card(state?.device ?? "");
    const line = this.spec.lines.find(({ device }) => device === card);
    if (
      !state?.up ||
      line === undefined ||
      this.faults.line(line.device) !== "up"
    )
      return false;
    // A second default route of the same metric is not taken by the kernel.
    const routes = this.netifd
      .dump()
      .filter(({ up, route }) => up && route.length > 0);
    const first = routes.find(
      ({ metric, route }) =>
        metric === state.metric && route[0]?.target === state.route[0]?.target,
    );
    return (
      first?.interface === name &&
      (line.reaches === "all" || line.reaches.includes(ip))
    );
  }

  /** What mwan3's part of rpcd reads from the trackers' files, where there are any. */
  #shown({ name, options }: UciSection): object {
    const tracker = this.#trackers.get(name);
    const state = this.netifd.find(name);
    const isUp = state?.up === true;
    const seconds = (since: number) => Math.floor((Date.now() - since) / 1_000);
    const status = tracker && !isUp ? "disabled" : tracker?.status;
    const isTracked = [options.get("track_ip") ?? []].flat().length > 0;
    const isRunning = isTracked && tracker !== undefined && isUp;
    const isOnline = tracker?.isUsed === true && isUp;
    const known = tracker ? seconds(tracker.since) : 0;
    return {
      age: tracker?.judgedAt ? seconds(tracker.judgedAt) : 0,
      online: isOnline ? known : 0,
      offline: isOnline ? 0 : known,
      uptime: tracker ? (state?.uptime ?? 0) : 0,
      score: tracker?.judgedAt ? tracker.score : 0,
      lost: tracker?.judgedAt ? tracker.lost : 0,
      turn: tracker?.turn ?? 0,
      status: status ?? "unknown",
      enabled: options.get("enabled") === "1",
      running: isRunning,
      tracking: trackingOf(isTracked, tracker !== undefined, isUp),
      up: tracker !== undefined && isUp,
      track_ip: [...(tracker?.targets ?? [])].map(([ip, answer]) => ({
        ip,
        status: answer,
        latency: 0,
        packetloss: 0,
      })),
    };
  }

  #policies(): object {
    const file = this.#running ?? [];
    const isOf = (name: string, family: string) =>
      file.some(
        (item) =>
          item.type === "interface" &&
          item.name === name &&
          (item.options.get("family") ?? "ipv4") === family,
      );
    const shares = (policy: UciSection, family: string) => {
      const members = [policy.options.get("use_member") ?? []]
        .flat()
        .flatMap((name) => {
          const member = file.find(
            (item) => item.type === "member" && item.name === name,
          );
          const line = String(member?.options.get("interface") ?? "");
          const metric = Number(member?.options.get("metric") ?? 1);
          const weight = Number(member?.options.get("weight") ?? 1);
          const online =
            this.#trackers.get(line)?.isUsed === true && this.#isUp(line);
          return member && online && metric <= 256 && isOf(line, family)
            ? [{ interface: line, metric, weight }]
            : [];
        });
      const best = members.filter(
        ({ metric }) =>
          metric === Math.min(...members.map((item) => item.metric)),
      );
      const sum = best.reduce((total, { weight }) => total + weight, 0);
      return best.map((item) => ({
        interface: item.interface,
        percent: Math.floor((item.weight * 100) / sum),
      }));
    };
    const policies = file.filter(
      ({ type, name }) => type === "policy" && name.length <= longestName,
    );
    const of = (family: string) =>
      Object.fromEntries(
        policies.map((policy) => [policy.name, shares(policy, family)]),
      );
    return { ipv4: of("ipv4"), ipv6: of("ipv6") };
  }
}

function numberOf(
  { options }: UciSection,
  key: string,
  otherwise: number,
): number {
  return Number(options.get(key) ?? otherwise);
}

function targetsOf({ options }: UciSection): string[] {
  return [options.get("track_ip") ?? []].flat();
}

function trackingOf(isTracked: boolean, isThere: boolean, isUp: boolean) {
  if (!isTracked) return "disabled";
  if (!isThere) return "down";
  return isUp ? "active" : "paused";
}
