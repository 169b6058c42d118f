import type { AddressInfo } from "node:net";
import { Server } from "ssh2";
import { makeKey } from "../../lab/host/key";
import { SshConnection } from "../../providers/host/client";
import { SshMachine } from "../../providers/host/client/ssh-machine";
import { loginKey, testHost } from "../support/host";

const key = makeKey();

test("a command whose end comes together with its begin is not taken for a lost one", async () => {
  const server = new Server({ hostKeys: [key.private] }, (client) => {
    client.on("authentication", (context) => context.accept());
    client.on("session", (acceptSession) =>
      acceptSession().on("exec", (accept) => {
        // All of it in one packet of TCP.
        const channel = accept();
        channel.write("said");
        channel.exit(3);
        channel.end();
      }),
    );
    client.on("error", () => undefined);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const connection = new SshConnection(
    "quick",
    { address: "127.0.0.1", port, hostKeys: [key.public] },
    { username: "root", privateKey: key.private },
  );
  const machine = new SshMachine("quick", connection, false);
  try {
    const { signal } = new AbortController();
    for (let run = 0; run < 20; run++) {
      expect(await machine.run(["true"], { signal, codes: [3] })).toMatchObject(
        { code: 3, stdout: "said" },
      );
    }
  } finally {
    await connection.close();
    await new Promise<void>((done) => server.close(() => done()));
  }
});

test("a bastion that nobody asks anything is not idle while another machine is spoken to over it", async () => {
  const [near, far] = [await testHost(), await testHost()];
  const account = { username: "root", privateKey: loginKey.private };
  const endpoint = ({ lab }: typeof near) => ({
    ...lab.endpoint,
    hostKeys: [lab.endpoint.hostKey],
  });
  const bastion = new SshConnection(
    "near",
    endpoint(near),
    account,
    undefined,
    100,
  );
  const behind = new SshConnection("far", endpoint(far), account, bastion);
  try {
    const { signal } = new AbortController();
    const machine = new SshMachine("far", behind, false);
    await machine.run(["true"], { signal });
    const own = new SshMachine("near", bastion, false);
    await own.run(["true"], { signal });
    far.fault({ kind: "slow", match: "whoami", ms: 600 });
    expect((await machine.run(["whoami"], { signal })).stdout).toBe("root\n");
  } finally {
    await behind.close();
    await near.stop();
    await far.stop();
  }
});

test("a command does not wait for TCP to gather small packets", async () => {
  const host = await testHost();
  try {
    const { signal } = new AbortController();
    const times: number[] = [];
    for (let run = 0; run < 21; run++) {
      const begin = performance.now();
      await host.machine.run(["true"], { signal });
      times.push(performance.now() - begin);
    }
    // Linux delays an acknowledgement by 40 ms at least, each time.
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(30);
  } finally {
    await host.stop();
  }
});
