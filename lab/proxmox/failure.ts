/** A refusal as PVE words it: status, reason phrase, and errors by parameter. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors?: Record<string, string>,
  ) {
    super(message);
  }
}

export function invalid(parameter: string, why: string): Failure {
  return new Failure(400, "Parameter verification failed.", {
    [parameter]: why,
  });
}

/** A `die` in PVE's code: always 500, whatever the cause. */
export function die(message: string): Failure {
  return new Failure(500, message);
}
