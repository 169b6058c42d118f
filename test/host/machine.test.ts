import { operationOf, strangersKey, type TestHost, testHost } from "../support/host";

jest.setTimeout(60_000);
const signal = new AbortController().signal;
const never = { signal };
const spec = { owner: "root", group: "root", mode: "0644" };

describe.each(["root", "ops"] as const)("logged in as %s", (login) => {
  let host: TestHost;
  beforeAll(async () => {
    host = await testHost({ login });
  });
  afterAll(() => host.stop());

  test("a file is written, read, looked at, listed and removed", async () => {
    const { machine } = host;
    await machine.run(["mkdir", "-p", "/etc/x"], never);
    const content = Buffer.from([0, 255, 10, 13, 39]);
    await machine.write("/etc/x/it's $(a) file", { ...spec, mode: "0640", content }, signal);
    expect(await machine.read("/etc/x/it's $(a) file", signal)).toEqual(content);
    expect(await machine.stat("/etc/x/it's $(a) file", signal)).toEqual({
      kind: "file", owner: "root", group: "root", mode: "0640", size: 5,
    });
    expect(await machine.list("/etc/x", signal)).toEqual(["it's $(a) file"]);
    await machine.remove("/etc/x/it's $(a) file", signal);
    expect(await machine.list("/etc/x", signal)).toEqual([]);
    expect(await machine.list("/etc/y", signal)).toBeUndefined();
    expect(await machine.read("/etc/x/gone", signal)).toBeUndefined();
    expect(await machine.stat("/etc/x/gone", signal)).toBeUndefined();
    await machine.remove("/etc/x/gone", signal);
  });
});
