/** A refusal as PVE words it: status, reason phrase, and errors by parameter. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors?: Record<string, string>,
  ) {
    super(message);
  }

  /** A refusal of the login, and what a proxy makes up, have none. */
  get errorBody(): boolean {
    const isLogin = this.status === 401 && this.message !== wrongPassword;
    return !isLogin && this.status < 595;
  }
}

/** POST /access/ticket is an API call that fails; other 401 come before any call. */
export const wrongPassword = "authentication failure";

export function invalid(parameter: string, why: string): Failure {
  return new Failure(400, "Parameter verification failed.", {
    [parameter]: why,
  });
}

/** A `die` in PVE's code: always 500, whatever the cause. */
export function die(message: string): Failure {
  return new Failure(500, message);
}
