import { createServer, type Server } from "node:net";
import { EngineWatch } from "../../providers/dynamic/engine";

let server: Server;
let address: string;

beforeEach(async () => {
  server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `127.0.0.1:${(server.address() as { port: number }).port}`;
});
const stop = () => new Promise((resolve) => server.close(resolve));

test("while the engine listens, writes go on", async () => {
  const watch = new EngineWatch(address);
  await expect(watch.ensure()).resolves.toBeUndefined();
  expect(watch.signal.aborted).toBe(false);
  await stop();
});

test("when the engine is gone, writes stop and running operations are aborted", async () => {
  const watch = new EngineWatch(address);
  await stop();
  await expect(watch.ensure()).rejects.toThrow(
    "the Pulumi engine that asked for this has ended",
  );
  expect(watch.signal.aborted).toBe(true);
});

test("a watch tells once that the engine is gone", async () => {
  const watch = new EngineWatch(address);
  const ended = new Promise<void>((resolve) => watch.every(10, resolve));
  await stop();
  await ended;
});

test("without an engine nothing is ever gone", async () => {
  await expect(new EngineWatch(undefined).ensure()).resolves.toBeUndefined();
  await stop();
});
