import { UserError } from "../../dynamic/failure";
import type { FileFacts } from "../../host/client/machine";
import type { Place } from "../place";
import { isOpen } from "../settle";
import { configurationFile } from "./configuration";
import { find, renderSection } from "./registry";
import {
  act,
  type Found,
  isOfNames,
  nmbd,
  setRights,
  smbd,
  write,
} from "./server";

const undoMs = 60_000;
const file = "/etc/samba/hybrid-site-before.candidate";

type Step = (place: Place) => Promise<void>;

/** Takes back what a change has done; each step is named before it is done. */
export class Undo {
  readonly #steps: Step[] = [];
  readonly #left: string[] = [];

  constructor(
    /** As it was before. */
    private readonly found: Found,
  ) {}

  share(name: string): void {
    const before = find(this.found.sections, name);
    this.#steps.push(async (place) => {
      // 255: it was not made yet.
      if (before === undefined)
        return act(place, ["net", "conf", "delshare", name], [0, 255]);
      await write(place, file, renderSection(before), "0600");
      await act(place, ["net", "conf", "import", file, before.name]);
      await place.machine.remove(file, place.signal);
    });
  }

  /** Nothing takes a user of the system away: files may be his by then. */
  user(name: string): void {
    this.#left.push(`"${name}"`);
  }

  account(name: string): void {
    this.#steps.push((place) => act(place, ["smbpasswd", "-x", name], [0, 1]));
  }

  directory(path: string, { owner, group, mode }: FileFacts): void {
    this.#steps.push((place) =>
      act(place, setRights(path, { owner, group, mode })),
    );
  }

  configuration(): void {
    const { text } = this.found;
    this.#steps.push((place) => write(place, configurationFile, text, "0644"));
  }

  service(): void {
    const isRunning = this.found.listening.some((item) => !isOfNames(item));
    const verb = isRunning ? "restart" : "stop";
    this.#steps.push((place) => act(place, ["systemctl", verb, smbd]));
  }

  enabled(): void {
    this.#steps.push((place) => act(place, ["systemctl", "disable", smbd]));
  }

  names(): void {
    this.#steps.push((place) => act(place, ["systemctl", "start", nmbd]));
  }

  /** The error to throw: with the connection gone the next look finds what is half done. */
  async after(error: unknown, now: Place): Promise<unknown> {
    if (isOpen(error) || this.#steps.length === 0) return error;
    const signal = AbortSignal.timeout(undoMs);
    const place = { ...now, signal };
    const cause = error instanceof Error ? error.message : String(error);
    const failed: string[] = [];
    // In the order in which they were done: the file before the service that reads it.
    for (const step of this.#steps) {
      await step(place).catch((why: unknown) => {
        failed.push(why instanceof Error ? why.message : String(why));
      });
    }
    const outcome =
      failed.length > 0
        ? `Taking it back failed too: ${failed.join("; ")}. The next "pulumi up" goes on from there`
        : `What was there before is there again${this.#left.length > 0 ? `, beside users of the system that were made: ${this.#left.join(", ")}` : ""}`;
    return new UserError(`${cause.replace(/\.$/, "")}. ${outcome}`);
  }
}
