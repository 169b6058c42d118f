import { connect } from "node:net";

export interface Probe {
  host: string;
  port: number;
}

const timeoutMs = 5_000;

/** TCP connections from here, which the router lets through or not. */
export async function probeFailures(
  probes: readonly Probe[],
  signal: AbortSignal,
): Promise<string[]> {
  const results = await Promise.all(
    probes.map((probe) => attempt(probe, signal)),
  );
  return results.flatMap((problem, index) => {
    const probe = probes[index];
    return problem && probe
      ? [`${probe.host} port ${probe.port} cannot be reached (${problem})`]
      : [];
  });
}

function attempt(
  { host, port }: Probe,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    const end = (problem?: string) => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(timeoutMs, () => end("no answer"));
    socket.once("connect", () => end());
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end(error.code ?? error.message),
    );
  });
}
