import type { Faults } from "./faults";
import type { Flash } from "./flash";
import type { Netifd } from "./netifd";
import type { OpenwrtSpec } from "./spec";
import type { UciFile, UciSection } from "./uci/file";

interface Tracker {
  section: UciSection;
  startedAt: number;
  status: "online" | "offline";
  since: number;
  score: number;
  lost: number;
  turn: number;
  targets: Map<string, { up: boolean; known: boolean; latency: number }>;
  timer?: NodeJS.Timeout;
}

/** The init script's `sleep 2` between stop and start. */
const restartMs = 2_000;
const pingMs = 20;
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

  status(
    part: string | undefined,
    name: string | undefined,
  ): object | undefined {
    const interfaces = Object.fromEntries(
      this.#interfaces()
        .filter((section) => name === undefined || section.name === name)
        .map((section) => [section.name, this.#shown(section)]),
    );
    const all = {
      interfaces,
      connected: { ipv4: [], ipv6: [] },
      policies: this.#policies(),
    };
    if (part === undefined) return all;
    return part in all ? { [part]: all[part as keyof typeof all] } : undefined;
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
    const number = (key: string, otherwise: number) =>
      Number(options.get(key) ?? otherwise);
    const isOnline = options.get("initial_state") !== "offline";
    const tracker: Tracker = {
      section,
      startedAt: Date.now(),
      since: Date.now(),
      status: isOnline ? "online" : "offline",
      score: isOnline ? number("down", 5) + number("up", 5) : 0,
      lost: 0,
      turn: 0,
      targets: new Map(
        [options.get("track_ip") ?? []]
          .flat()
          .map((ip) => [ip, { up: false, known: false, latency: 0 }]),
      ),
    };
    this.#trackers.set(name, tracker);
    if (tracker.targets.size > 0)
      tracker.timer = setTimeout(
        () => this.#round(tracker, [...tracker.targets.keys()], 0),
        0,
      );
  }

  /** Each target in its turn: one that is silent takes its whole time-out. */
  #round(tracker: Tracker, left: readonly string[], up: number): void {
    const { section } = tracker;
    const number = (key: string, otherwise: number) =>
      Number(section.options.get(key) ?? otherwise);
    const [ip, ...others] = left;
    if (ip === undefined) {
      this.#judgeRound(tracker, up, number);
      return;
    }
    const answers = this.#answers(section.name, ip);
    const ms = answers
      ? pingMs
      : number("count", 1) * number("timeout", 4) * 1_000;
    tracker.timer = setTimeout(() => {
      tracker.targets.set(ip, {
        up: answers,
        known: true,
        latency: answers ? pingMs : 0,
      });
      this.#round(tracker, others, up + Number(answers));
    }, ms);
  }

  #judgeRound(
    tracker: Tracker,
    answered: number,
    number: (key: string, otherwise: number) => number,
  ): void {
    const [up, down, interval] = [
      number("up", 5),
      number("down", 5),
      number("interval", 10),
    ];
    let pause = interval;
    tracker.turn++;
    const change = (status: Tracker["status"]) => {
      if (tracker.status !== status) tracker.since = Date.now();
      tracker.status = status;
    };
    if (answered < number("reliability", 1)) {
      tracker.lost++;
      tracker.score--;
      pause = number("failure_interval", interval);
      if (tracker.score < up) tracker.score = 0;
      if (tracker.score === up) {
        change("offline");
        tracker.score = 0;
      }
    } else {
      tracker.lost = 0;
      tracker.score = Math.min(up + down, tracker.score + 1);
      if (tracker.score < up) pause = number("recovery_interval", interval);
      if (tracker.score === up) {
        change("online");
        tracker.score = up + down;
      }
    }
    tracker.timer = setTimeout(
      () => this.#round(tracker, [...tracker.targets.keys()], 0),
      pause * 1_000,
    );
  }

  #answers(name: string, ip: string): boolean {
    const state = this.netifd.find(name);
    const line = this.spec.lines.find(({ device }) => device === state?.device);
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
    const first = routes.find(({ metric }) => metric === state.metric);
    return (
      first?.interface === name &&
      (line.reaches === "all" || line.reaches.includes(ip))
    );
  }

  #shown({ name, options }: UciSection): object {
    const tracker = this.#trackers.get(name);
    const isUp = this.netifd.find(name)?.up === true;
    const seconds = (since: number) => Math.round((Date.now() - since) / 1_000);
    if (tracker === undefined) {
      const enabled = options.get("enabled") === "1";
      return {
        age: 0,
        online: 0,
        offline: 0,
        uptime: 0,
        score: 0,
        lost: 0,
        turn: 0,
        status: enabled ? "unknown" : "disabled",
        enabled,
        running: false,
        tracking: enabled ? "down" : "disabled",
        up: isUp,
        track_ip: [],
      };
    }
    const online = tracker.status === "online";
    return {
      age: seconds(tracker.since),
      online: online ? seconds(tracker.since) : 0,
      offline: online ? 0 : seconds(tracker.since),
      uptime: seconds(tracker.startedAt),
      score: tracker.score,
      lost: tracker.lost,
      turn: tracker.turn,
      status: tracker.status,
      enabled: true,
      running: true,
      tracking: tracker.targets.size > 0 ? "active" : "disabled",
      up: isUp,
      track_ip: [...tracker.targets].map(([ip, { up, known, latency }]) => ({
        ip,
        status: up ? "up" : known ? "down" : "unknown",
        latency,
        packetloss: known && !up ? 100 : 0,
      })),
    };
  }

  #policies(): object {
    const file = this.#running ?? [];
    const shares = (policy: UciSection) => {
      const members = [policy.options.get("use_member") ?? []]
        .flat()
        .flatMap((name) => {
          const member = file.find(
            (item) => item.type === "member" && item.name === name,
          );
          const line = String(member?.options.get("interface") ?? "");
          const metric = Number(member?.options.get("metric") ?? 1);
          const weight = Number(member?.options.get("weight") ?? 1);
          const online = this.#trackers.get(line)?.status === "online";
          return member && online && metric <= 256
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
    const policies = file
      .filter(
        ({ type, name }) => type === "policy" && name.length <= longestName,
      )
      .map((policy) => [policy.name, shares(policy)] as const);
    return { ipv4: Object.fromEntries(policies), ipv6: {} };
  }
}
