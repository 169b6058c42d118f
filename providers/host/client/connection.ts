import { setTimeout as sleep } from "node:timers/promises";
import type {
  Client,
  ClientChannel,
  ConnectConfig,
  ServerHostKeyAlgorithm,
} from "ssh2";
import { HostError } from "./errors";
import { algorithmsOf, fingerprint, type HostKey, parseHostKey } from "./keys";

export interface SshEndpoint {
  address: string;
  port: number;
  /** Lines as `ssh-keyscan` prints them; a second one while a key is changed. */
  hostKeys: readonly string[];
}

export type SshAccount = { username: string } & (
  | { privateKey: string; passphrase?: string }
  /** The socket of the agent that holds the key. */
  | { agent: string }
);

/** A command that runs on the machine. */
export interface Running {
  channel: ClientChannel;
  /** How it ended, when all that it said has been read; undefined: the connection went. */
  ended: Promise<End | undefined>;
}

export type End = { code: number } | { signal: string };

const readyTimeoutMs = 15_000;
/** Three lost ones and the connection is given up. */
const keepaliveMs = 5_000;
/** A machine that starts anew refuses for a while. */
const waitsMs = [500, 1_500, 3_000];

/** One connection to one machine, made when it is needed and shared by all who ask. */
export class SshConnection {
  #client: Promise<Client> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #users = 0;

  constructor(
    private readonly host: string,
    private readonly endpoint: SshEndpoint,
    private readonly account: SshAccount,
    private readonly bastion?: SshConnection,
    /** How long it stays open with nobody using it. */
    private readonly idleMs = 60_000,
  ) {}

  /** Where this rejects as "unreachable", nothing has run. */
  async open(command: string, signal: AbortSignal): Promise<Running> {
    return this.#used(
      signal,
      (client) => exec(client, command),
      ({ ended }, leave) => void ended.then(leave),
    );
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const client = this.#client;
    this.#client = undefined;
    (await client?.catch(() => undefined))?.end();
    await this.bastion?.close();
  }

  /** It is not idle before what `work` made has ended, of which `end` tells. */
  async #used<T>(
    signal: AbortSignal,
    work: (client: Client) => Promise<T>,
    end: (made: T, leave: () => void) => void,
  ): Promise<T> {
    this.#users += 1;
    clearTimeout(this.#idle);
    try {
      const made = await this.#retried(signal, work);
      end(made, () => this.#leave());
      return made;
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  #leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), this.idleMs).unref();
  }

  /** Again where nothing has run: no connection, or one that had died meanwhile. */
  async #retried<T>(
    signal: AbortSignal,
    work: (client: Client) => Promise<T>,
  ): Promise<T> {
    for (const wait of [...waitsMs, undefined]) {
      try {
        signal.throwIfAborted();
        const client = await abortable(this.#connected(signal), signal);
        return await work(client);
      } catch (error) {
        const isFleeting =
          error instanceof HostError && error.kind === "unreachable";
        if (!isFleeting || wait === undefined) throw error;
        await sleep(wait, undefined, { signal }).catch(() => {
          const { message } = signal.reason as Error;
          const text = `${message}; ${error.message}`;
          throw new HostError("unreachable", text, { cause: error });
        });
      }
    }
    throw new Error("unreachable");
  }

  #connected(signal: AbortSignal): Promise<Client> {
    this.#client ??= this.#connect(signal).catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  async #connect(signal: AbortSignal): Promise<Client> {
    const { address, port } = this.endpoint;
    const keys = this.endpoint.hostKeys
      .map(parseHostKey)
      .filter((key) => key !== undefined);
    const sock = await this.bastion?.forward(address, port, signal);
    // Late: half of the runs speak to no machine.
    const { Client } = await import("ssh2");
    const client = new Client();
    const lost = () => {
      this.#client = undefined;
      client.destroy();
    };
    let seen: Buffer | undefined;
    const config: ConnectConfig = {
      ...this.account,
      sock,
      host: address,
      port,
      readyTimeout: readyTimeoutMs,
      keepaliveInterval: keepaliveMs,
      keepaliveCountMax: 3,
      algorithms: {
        serverHostKey: algorithmsOf(keys) as ServerHostKeyAlgorithm[],
      },
      hostVerifier: (blob: Buffer) => {
        seen = blob;
        return keys.some((key) => key.blob.equals(blob));
      },
    };
    await new Promise<void>((resolve, reject) => {
      // A command is a few small packets, and none is to wait for another's answer.
      client.once("connect", () => client.setNoDelay(true));
      client.once("ready", resolve);
      client.on("error", (error: Error & { level?: string }) => {
        lost();
        reject(this.#explain(error, keys, seen));
      });
      client.once("close", () => {
        lost();
        reject(this.#explain(new Error("it hung up"), keys, seen));
      });
      try {
        client.connect(config);
      } catch (error) {
        // Of the key's form; nothing of the key is in the text.
        const text = `Unable to use hybrid-site:credentials.${this.host}.ssh: ${(error as Error).message}. Set the private key as "ssh-keygen" wrote it, and its passphrase if it has one`;
        reject(new HostError("login", text, { cause: error }));
      }
    });
    return client;
  }

  /** A connection from there to somewhere else. */
  async forward(
    address: string,
    port: number,
    signal: AbortSignal,
  ): Promise<ClientChannel> {
    return this.#used<ClientChannel>(
      signal,
      (client) =>
        new Promise((resolve, reject) => {
          client.forwardOut("127.0.0.1", 0, address, port, (error, channel) => {
            if (error === undefined) resolve(channel);
            else
              reject(
                new HostError(
                  "unreachable",
                  `Unable to reach ${address}:${port} over host "${this.host}": ${error.message}`,
                  { cause: error },
                ),
              );
          });
        }),
      (channel, leave) => channel.once("close", leave),
    );
  }

  #explain(
    error: Error & { level?: string },
    keys: readonly HostKey[],
    seen: Buffer | undefined,
  ): HostError {
    const { address, port } = this.endpoint;
    const place = `Unable to reach host "${this.host}" by SSH (${address}:${port})`;
    if (seen && !keys.some((key) => key.blob.equals(seen))) {
      return new HostError(
        "host-key",
        `${place}: its host key is ${fingerprint(seen)}, which is none of hybrid-site:endpoints.${this.host}.ssh.hostKeys. Look at it on the machine's own console with "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"; set it only if it is the same`,
        { cause: error },
      );
    }
    if (/no matching (host key|.*server host key)/i.test(error.message)) {
      return new HostError(
        "host-key",
        `${place}: it has no host key of the pinned types (${algorithmsOf(keys).join(", ")}). Pin one that it has: "ssh-keyscan ${address}"`,
        { cause: error },
      );
    }
    if (error.level === "client-authentication") {
      return new HostError(
        "login",
        `${place}: it does not let "${this.account.username}" in with the key of hybrid-site:credentials.${this.host}.ssh. Put its public half into that account's authorized_keys`,
        { cause: error },
      );
    }
    return new HostError("unreachable", `${place}: ${error.message}`, {
      cause: error,
    });
  }
}

/** Tells apart whether the machine had been asked when it failed. */
function exec(client: Client, command: string): Promise<Running> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      const isAsked = !/^Not connected|channel open failure/i.test(
        cause.message,
      );
      const kind = isAsked ? "lost" : "unreachable";
      const message = `the connection is gone (${cause.message})`;
      reject(new HostError(kind, message, { cause }));
    };
    try {
      client.exec(command, (error, channel) =>
        error === undefined
          ? resolve({ channel, ended: endOf(channel) })
          : fail(error),
      );
    } catch (error) {
      fail(error as Error);
    }
  });
}

/**
 * To be called before anything else happens: a quick command's end comes in
 * one packet with the answer that it has begun.
 */
function endOf(channel: ClientChannel): Promise<End | undefined> {
  return new Promise((resolve) => {
    let end: End | undefined;
    channel.on("exit", (code: number | null, name?: string) => {
      end = code === null ? { signal: name ?? "a signal" } : { code };
    });
    channel.on("close", () => resolve(end));
    // It may end without reading what it is given.
    channel.on("error", () => undefined);
  });
}

/** The connection is others' too: who gives up leaves it to them. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
