/** The end of each node's last work. */
const queues = new Map<string, Promise<unknown>>();

/**
 * One after the other on a node: its staged file is one for all, and what one
 * bridge stages another one would take for somebody else's.
 */
export async function exclusively<T>(
  node: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const before = queues.get(node) ?? Promise.resolve();
  const mine = before.then(() => {
    signal.throwIfAborted();
    return work();
  });
  const ended = mine.catch(() => undefined);
  queues.set(node, ended);
  return mine;
}
