/** At most so many at a time for each key, first come first served. */
export class Limiter {
  readonly #running = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  async run<T>(
    key: string,
    limit: number,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    await this.#enter(key, limit, signal);
    try {
      return await work();
    } finally {
      this.#leave(key);
    }
  }

  #enter(key: string, limit: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const running = this.#running.get(key) ?? 0;
    if (running < limit) {
      this.#running.set(key, running + 1);
      return Promise.resolve();
    }
    const queue = this.#waiting.get(key) ?? [];
    this.#waiting.set(key, queue);
    return new Promise((resolve, reject) => {
      const abandon = () => {
        queue.splice(queue.indexOf(enter), 1);
        reject(signal.reason);
      };
      const enter = () => {
        signal.removeEventListener("abort", abandon);
        resolve();
      };
      queue.push(enter);
      signal.addEventListener("abort", abandon, { once: true });
    });
  }

  #leave(key: string): void {
    const next = this.#waiting.get(key)?.shift();
    // The place passes on to the next in line.
    if (next) next();
    else this.#running.set(key, (this.#running.get(key) ?? 1) - 1);
  }
}
