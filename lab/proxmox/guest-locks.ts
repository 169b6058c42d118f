/** The configuration locks of guests: who holds them, and who waits, in order. */
export class GuestLocks {
  readonly #locks = new Map<
    string,
    { holders: Set<string>; waiting: (() => void)[] }
  >();

  hold(key: string, owner: string): void {
    this.#of(key).holders.add(owner);
  }

  /** True once nobody holds it, false when that took too long. */
  async free(key: string, waitMs: number): Promise<boolean> {
    const end = Date.now() + waitMs;
    while (this.#of(key).holders.size > 0) {
      const left = end - Date.now();
      if (left <= 0) return false;
      await this.#released(key, left);
    }
    this.#tidy(key);
    return true;
  }

  /** Holds it when its turn comes; `done` at once when it is free. */
  take(
    key: string,
    owner: string,
    waitMs: number,
    done: (had: boolean) => void,
  ): void {
    const end = Date.now() + waitMs;
    const attempt = () => {
      if (this.#of(key).holders.size > 0) {
        const left = end - Date.now();
        if (left <= 0) return done(false);
        void this.#released(key, left).then(attempt);
        return;
      }
      this.hold(key, owner);
      done(true);
    };
    attempt();
  }

  release(key: string, owner: string): void {
    const lock = this.#of(key);
    lock.holders.delete(owner);
    if (lock.holders.size > 0) return;
    const waiting = lock.waiting.splice(0);
    this.#tidy(key);
    for (const wake of waiting) wake();
  }

  #released(key: string, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs).unref();
      this.#of(key).waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #of(key: string) {
    const lock = this.#locks.get(key) ?? { holders: new Set(), waiting: [] };
    this.#locks.set(key, lock);
    return lock;
  }

  #tidy(key: string): void {
    const lock = this.#locks.get(key);
    if (lock?.holders.size === 0 && lock.waiting.length === 0)
      this.#locks.delete(key);
  }
}
