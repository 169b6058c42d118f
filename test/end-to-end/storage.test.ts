import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LabCommand, root } from "../support/lab-command";

jest.setTimeout(240_000);

const lab = new LabCommand();
beforeAll(() => {
  const file = join(lab.folder, "site.yaml");
  const dev = readFileSync(join(root, "environments/dev.yaml"), "utf8");
  // Hosts wait that long for the storage before they start guests.
  writeFileSync(file, dev.replaceAll("startDelay: 2min", "startDelay: 1s"));
  process.env.LAB_MANIFEST = file;
});
afterAll(() => {
  delete process.env.LAB_MANIFEST;
  lab.remove();
});

const onServer = (...words: string[]) =>
  lab.run("drift", "host", "router-server", ...words);
/** What the hosts' Proxmox VE says of the share, once it has looked. */
const quiet = async () => {
  const refresh = await lab.run("refresh", "--yes", "--skip-preview");
  return [refresh.code, /Resources:\s+\d+ unchanged/.test(refresh.output)];
};

/** What Samba listens on, port 445 by its address only. */
const sockets = async () =>
  (
    await onServer(
      "ss",
      "--no-header",
      "--listening",
      "--tcp",
      "--udp",
      "--numeric",
    )
  ).output
    .split("\n")
    .flatMap((line) => / (\S+:(?:445|13[789])) /.exec(line)?.[1] ?? [])
    .map((socket) => socket.replace(/:445$/, ""));

/** Time in the lab goes on while it is up only: it is, until the guests are as expected. */
async function comesBack(expected: string[]): Promise<string[]> {
  const { child, ended } = lab.start("serve");
  const end = Date.now() + 90_000;
  let guests: string[] = [];
  while (Date.now() < end && `${guests}` !== `${expected}`) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    guests = lab.guests();
  }
  child.kill("SIGTERM");
  await ended;
  return guests;
}

test("the shelves become pools, datasets, exports and storages of the hosts", async () => {
  expect((await lab.run("up", "--yes", "--skip-preview")).code).toBe(0);
  expect(
    (await onServer("zpool", "list", "-H", "-o", "name,health")).output,
  ).toMatch(/fast\s+ONLINE\ntank\s+ONLINE/);
  const { output } = await onServer("exportfs", "-s");
  expect(output).toMatch(
    /\/fast\/vm-ml110\s+10\.10\.20\.11\(.*fsid=.*mountpoint.*no_root_squash/,
  );
  expect(output).not.toMatch(/\*|0\.0\.0\.0/);
  const shares = await onServer("net", "conf", "list");
  expect(shares.output).toMatch(/\[documents\]\n\thybrid-site:owner = /);
  expect(await sockets()).toEqual(["127.0.0.1", "10.10.20.10"]);
  const again = await lab.run("preview", "--expect-no-changes");
  expect(again.code).toBe(0);
  expect(await quiet()).toEqual([0, true]);
});

test("all power off and on again: everything is back, and nothing has changed", async () => {
  const before = lab.guests();
  for (const host of ["router-server", "ml110", "r630"]) {
    expect((await lab.run("fault", "host", host, "reboot")).code).toBe(0);
    await lab.run("fault", "reboot-node", host, "--ms", "100");
  }
  await lab.run("fault", "router", "reboot");
  expect(await comesBack(before)).toEqual(before);
  expect((await onServer("exportfs", "-s")).output).toContain("/fast/vm-ml110");
  expect(await sockets()).toEqual(["127.0.0.1", "10.10.20.10"]);
  // A device may still be starting at the first look, and says so.
  const first = await quiet();
  expect(first[0] === 0 ? first : await quiet()).toEqual([0, true]);
});

test("a property set by hand, an export and a file that went are found, and mended by the next run", async () => {
  await onServer("zfs", "set", "recordsize=128K", "tank/shares");
  await onServer("rm", "/etc/exports.d/hybrid-site-router-server.exports");
  await onServer("rm", "/etc/cron.d/hybrid-site-scrubs");
  await onServer("net", "conf", "setparm", "documents", "guest ok", "yes");
  const refresh = await lab.run("refresh", "--yes", "--skip-preview");
  expect(refresh.output).toMatch(/~ 3 updated\s+- 1 deleted/);
  expect((await lab.run("up", "--yes", "--skip-preview")).code).toBe(0);
  expect(
    (
      await onServer(
        "zfs",
        "get",
        "-H",
        "-o",
        "value",
        "recordsize",
        "tank/shares",
      )
    ).output,
  ).toMatch(/^1M$/m);
  expect(await quiet()).toEqual([0, true]);
});

test("destroy takes what serves, and leaves pools, datasets and their data", async () => {
  expect((await lab.run("destroy", "--yes", "--skip-preview")).code).toBe(0);
  const { output } = await onServer("zfs", "list", "-H", "-o", "name");
  for (const dataset of ["tank/shares", "fast/vm-ml110", "tank/backup/r630"])
    expect(output).toContain(dataset);
  expect((await onServer("exportfs", "-s")).output).not.toContain("/fast");
  expect((await onServer("net", "conf", "list")).output).not.toContain(
    "[documents]",
  );
  expect(await sockets()).toEqual([]);
});

test("what was left is taken up again, without a question and without a byte lost", async () => {
  const guid = async () =>
    (await onServer("zpool", "get", "-H", "-o", "value", "guid", "fast,tank"))
      .output;
  const before = await guid();
  expect((await lab.run("up", "--yes", "--skip-preview")).code).toBe(0);
  expect(await guid()).toBe(before);
  expect(await quiet()).toEqual([0, true]);
});
