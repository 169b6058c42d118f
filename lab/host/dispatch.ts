import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import type { Faults } from "./faults";
import { PlainShell } from "./plain";
import type { Call, Tool } from "./tool";
import type { HostWorld } from "./world";

export interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

interface Request {
  tool: string;
  words: string[];
  user: string;
}

/** Runs the tools that a machine's real shell calls, in the process that holds its world. */
export class Dispatch {
  readonly bin: string;
  readonly socket: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  constructor(
    private readonly world: HostWorld,
    private readonly tools: Readonly<Record<string, Tool>>,
    private readonly faults: Faults,
    /** Short: a socket's path has about a hundred characters at most. */
    directory: string,
  ) {
    this.bin = join(directory, "bin");
    this.socket = join(directory, "socket");
    rmSync(this.bin, { recursive: true, force: true });
    mkdirSync(this.bin, { recursive: true, mode: 0o700 });
    const script = JSON.stringify(join(__dirname, "stub.cjs"));
    for (const name of Object.keys(tools)) {
      const text = `#!${process.execPath}\nrequire(${script});\n`;
      writeFileSync(join(this.bin, name), text, { mode: 0o755 });
    }
    symlinkSync("/bin/sh", join(this.bin, "sh"));
    rmSync(this.socket, { force: true });
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket));
      this.#serve(socket).catch(() => socket.destroy());
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.socket, () => resolve());
    });
  }

  /** Whatever runs on the machine ends where it stands. */
  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A shell for a plain line; it calls tools without a process for each. */
  shell(
    command: string,
    user: string,
    streams: Pick<Call, "stdin" | "stdout" | "stderr">,
    signal: AbortSignal,
  ): PlainShell {
    const run = this.#runner(streams, signal);
    return new PlainShell(command, async (words) => {
      try {
        return await run("env", words, user);
      } catch (error) {
        if (error instanceof Cut) this.faults.cut();
        // A defect of the simulation, and shown as one.
        else streams.stderr.write(`${(error as Error).stack ?? error}\n`);
        return 70;
      }
    });
  }

  /** As somebody at the machine does, past its net. */
  async call(words: readonly string[]): Promise<Answer> {
    const said: [string[], string[]] = [[], []];
    const [stdout, stderr] = said.map(
      (into) =>
        new Writable({
          write(chunk: Buffer, _encoding, done) {
            into.push(chunk.toString());
            done();
          },
        }),
    ) as [Writable, Writable];
    const streams = { stdin: Readable.from([]), stdout, stderr };
    const [tool = "", ...rest] = words;
    const run = this.#runner(streams, new AbortController().signal, false);
    const code = await run(tool, rest, "root");
    return { code, stdout: said[0].join(""), stderr: said[1].join("") };
  }

  #runner(
    streams: Pick<Call, "stdin" | "stdout" | "stderr">,
    signal: AbortSignal,
    /** Whether faults are met. */
    bent = true,
  ): Runner {
    const run: Runner = async (name, args, as) => {
      const found = this.tools[name];
      if (found === undefined) {
        streams.stderr.write(`${name}: command not found\n`);
        return 127;
      }
      const fault = bent ? this.faults.take(name, args) : undefined;
      if (fault?.kind === "slow") await wait(fault.ms ?? 1_000, signal);
      if (fault?.kind === "fails") {
        const text = fault.text ?? `${name}: Input/output error`;
        streams.stderr.write(`${text}\n`);
        return fault.code ?? 1;
      }
      if (fault?.kind === "cut-before") throw new Cut();
      const code = await found({
        ...streams,
        words: args,
        user: as,
        world: this.world,
        signal,
        run: (inner, words, user = as) => run(inner, words, user),
      });
      if (fault?.kind === "cut-after") throw new Cut();
      return code;
    };
    return run;
  }

  async #serve(socket: Socket): Promise<void> {
    socket.on("error", () => undefined);
    const stdin = new PassThrough();
    const { tool, words, user } = await header(socket, stdin);
    const gone = new AbortController();
    socket.on("close", () => gone.abort());
    const send = (kind: number, data: Buffer) => {
      const head = Buffer.alloc(5);
      head.writeUInt8(kind, 0);
      head.writeUInt32BE(data.length, 1);
      if (socket.writable) socket.write(Buffer.concat([head, data]));
    };
    const stream = (kind: number) =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          send(kind, Buffer.from(chunk));
          done();
        },
      });
    const streams = { stdin, stdout: stream(1), stderr: stream(2) };
    const run = this.#runner(streams, gone.signal);
    const { stderr: complaint } = streams;
    try {
      send(0, Buffer.from([(await run(tool, words, user)) & 0xff]));
    } catch (error) {
      if (error instanceof Cut) {
        this.faults.cut();
        return;
      }
      // A defect of the simulation, and shown as one.
      complaint.write(`${tool}: ${(error as Error).stack ?? error}\n`);
      send(0, Buffer.from([70]));
    }
    socket.end();
  }
}

class Cut extends Error {}

/** How one tool, and what it runs itself, is called. */
type Runner = (
  name: string,
  args: readonly string[],
  as: string,
) => Promise<number>;

function header(socket: Socket, stdin: PassThrough): Promise<Request> {
  return new Promise((resolve, reject) => {
    let before = Buffer.alloc(0);
    const first = (chunk: Buffer) => {
      before = Buffer.concat([before, chunk]);
      const end = before.indexOf(0x0a);
      if (end < 0) return;
      socket.off("data", first);
      stdin.write(before.subarray(end + 1));
      socket.pipe(stdin);
      resolve(JSON.parse(before.subarray(0, end).toString("utf8")) as Request);
    };
    socket.on("data", first);
    socket.once("close", () => reject(new Error("gone")));
  });
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
