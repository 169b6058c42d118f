import { type ChildProcess, spawn } from "node:child_process";
import {
  type AddressInfo,
  connect as connectTcp,
  createServer,
  type Socket,
} from "node:net";
import { PassThrough } from "node:stream";
import {
  type Connection,
  type ParsedKey,
  Server,
  type ServerChannel,
  type Session,
  utils,
} from "ssh2";
import type { Dispatch } from "./dispatch";
import { isPlain, PlainShell } from "./plain";
import type { HostUser } from "./spec";
import type { HostWorld } from "./world";

export interface ServerOptions {
  world: HostWorld;
  dispatch: Dispatch;
  hostKeys: readonly string[];
  users: Readonly<Record<string, HostUser>>;
  record(command: string): void;
}

/** OpenSSH's own MaxSessions: how many commands run over one connection. */
const maxSessions = 10;

/** As sshd: a login by key, then the account's shell for each command. */
export class SshServer {
  readonly #ssh: Server;
  readonly #tcp = createServer((socket) => this.#accept(socket));
  readonly #sockets = new Set<Socket>();
  readonly #children = new Set<ChildProcess | PlainShell>();

  constructor(private readonly options: ServerOptions) {
    this.#ssh = new Server({ hostKeys: [...options.hostKeys] }, (connection) =>
      this.#serve(connection),
    );
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#tcp.once("error", reject);
      this.#tcp.listen(port, host, () =>
        resolve((this.#tcp.address() as AddressInfo).port),
      );
    });
  }

  /** The net is gone, without a goodbye; what runs here goes on. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The power is gone. */
  powerOff(): void {
    this.options.dispatch.cut();
    for (const child of this.#children) kill(child, "SIGKILL");
    this.cut();
  }

  async close(): Promise<void> {
    this.powerOff();
    await new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    // As sshd does on every connection.
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    this.#ssh.injectSocket(socket);
  }

  #serve(connection: Connection): void {
    let user = "";
    connection.on("error", () => undefined);
    connection.on("authentication", (context) => {
      const account = this.options.users[context.username];
      if (context.method !== "publickey" || account === undefined) {
        context.reject(["publickey"]);
        return;
      }
      const key = account.keys
        .map((line) => utils.parseKey(line))
        .filter((parsed): parsed is ParsedKey => !(parsed instanceof Error))
        .find(
          (parsed) =>
            parsed.type === context.key.algo.replace(/^rsa-.*/, "ssh-rsa") &&
            parsed.getPublicSSH().equals(context.key.data),
        );
      const isSigned =
        key !== undefined &&
        (context.signature === undefined ||
          key.verify(
            context.blob as Buffer,
            context.signature,
            context.hashAlgo,
          ) === true);
      if (!isSigned) {
        context.reject(["publickey"]);
        return;
      }
      user = context.username;
      context.accept();
    });
    connection.on("ready", () => {
      let sessions = 0;
      connection.on("session", (accept, reject) => {
        if (sessions === maxSessions) {
          reject();
          return;
        }
        sessions += 1;
        this.#session(accept(), user, () => {
          sessions -= 1;
        });
      });
      connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
        const socket = connectTcp(destPort, destIP);
        socket.once("error", () => reject());
        socket.once("connect", () => {
          const channel = accept();
          channel.pipe(socket).pipe(channel);
          channel.on("error", () => socket.destroy());
          socket.on("error", () => channel.destroy());
          channel.on("close", () => socket.destroy());
        });
      });
    });
  }

  #session(session: Session, user: string, ended: () => void): void {
    session.on("exec", (accept, _reject, { command }) => {
      const channel = accept();
      channel.on("close", ended);
      this.options.record(command);
      const child = isPlain(command)
        ? this.#plain(command, user, channel)
        : this.#real(command, user, channel);
      this.#children.add(child);
      channel.on("error", () => undefined);
      session.on("signal", (_accept, _reject, { name }) =>
        kill(child, `SIG${name}`),
      );
      child.on("close", (code, signal) => {
        this.#children.delete(child);
        if (!channel.writable) return;
        if (signal === null) channel.exit(code ?? 255);
        else channel.exit(signal.replace(/^SIG/, ""), false, "");
        channel.end();
        // What nobody has read would keep it open.
        channel.resume();
      });
    });
  }

  #real(command: string, user: string, channel: ServerChannel): ChildProcess {
    const { dispatch, world } = this.options;
    const child = spawn("/bin/sh", ["-c", command], {
      detached: true,
      cwd: world.root,
      env: {
        PATH: dispatch.bin,
        USER: user,
        HOME: user === "root" ? "/root" : `/home/${user}`,
        HYBRID_SITE_LAB_HOST: dispatch.socket,
      },
    });
    child.on("error", () => channel.close());
    channel.pipe(child.stdin);
    child.stdin.on("error", () => undefined);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    // sshd hangs up its pipes; the program meets that when it reads or writes.
    channel.on("close", () => {
      child.stdin.destroy();
      child.stdout.destroy();
      child.stderr.destroy();
    });
    return child;
  }

  #plain(command: string, user: string, channel: ServerChannel): PlainShell {
    const gone = new AbortController();
    const stdin = new PassThrough();
    channel.pipe(stdin);
    channel.on("close", () => {
      gone.abort();
      stdin.end();
    });
    const streams = { stdin, stdout: channel, stderr: channel.stderr };
    const { dispatch } = this.options;
    const child = dispatch.shell(command, user, streams, gone.signal);
    child.on("close", () => gone.abort());
    return child;
  }
}

function kill(child: ChildProcess | PlainShell, signal: string): void {
  try {
    if (child instanceof PlainShell) child.kill(signal);
    else if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
