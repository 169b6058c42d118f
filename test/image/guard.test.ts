import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configs, files, RouterDisk } from "../support/router-disk";
import { testWith } from "../support/tool";

jest.setTimeout(120_000);

const old = files("old", "apply-1");
const next = files("next", "apply-2");
const routers: RouterDisk[] = [];
const busyboxes: string[] = [];

/** A router that has booted once with its first configuration. */
async function router(now = old): Promise<RouterDisk> {
  const made = new RouterDisk(now);
  routers.push(made);
  await made.boot();
  return made;
}
afterEach(() => {
  for (const made of routers.splice(0)) made.remove();
  for (const made of busyboxes.splice(0)) rmSync(made, { recursive: true });
});

test("power lost before the confirmation: the next boot puts the old files back, and says so", async () => {
  const one = await router();
  one.apply(next);
  one.losePower();
  await one.boot();
  expect(one.read()).toEqual(old);
  expect(one.said()).toContain(
    "puts back network: the last change was never confirmed",
  );
  expect(await bootsQuietly(one)).toBe(true);
});

async function bootsQuietly(one: RouterDisk): Promise<boolean> {
  const [before, said] = [one.read(), one.said()];
  await one.boot();
  expect(one.read()).toEqual(before);
  return one.said() === said;
}

test("confirmed: the new files stay, over a loss of power and a reboot", async () => {
  const one = await router();
  one.apply(next);
  one.confirmDuringSleep();
  await one.event();
  expect(one.slept()).toBe(1);
  one.losePower();
  await one.boot();
  expect(one.read()).toEqual(next);
  expect(one.said()).toBe("");
});

test("confirmed before the guard's turn: the new files stay", async () => {
  const one = await router();
  one.apply(next);
  one.confirm();
  await one.event();
  await one.boot();
  expect(one.read()).toEqual(next);
});

test("rolled back: the old files stay, and a later change is guarded again", async () => {
  const one = await router();
  one.apply(next);
  one.rollback();
  await one.event();
  expect(await bootsQuietly(one)).toBe(true);
  expect(one.read()).toEqual(old);
  one.apply(next);
  await one.boot();
  expect(one.read()).toEqual(old);
});

test.each(configs.map((name, index) => [index + 1, name] as const))(
  "power lost when rpcd has written %i files, up to %s: none of them stays",
  async (howMany) => {
    const one = await router();
    one.apply(next, howMany);
    await one.boot();
    expect(one.read()).toEqual(old);
  },
);

test.each(configs.map((name, index) => [index, name] as const))(
  "power lost when a rollback has put back %i files and cut %s short: all are put back",
  async (howMany, name) => {
    const one = await router();
    one.apply(next);
    one.rollback(howMany);
    one.edit({ [name]: "" });
    await one.boot();
    expect(one.read()).toEqual(old);
  },
);

test("an edit by hand stays, and is what a later change goes back to", async () => {
  const one = await router();
  const edited = { ...old, network: `${old.network}\toption mtu '1400'\n` };
  one.edit(edited);
  await one.boot();
  expect(one.read()).toEqual(edited);
  one.apply(next);
  await one.boot();
  expect(one.read()).toEqual(edited);
});

test("an edit that nobody told the guard of is kept when a change follows", async () => {
  const one = await router();
  const edited = { ...old, firewall: `${old.firewall}# mine\n` };
  one.edit(edited);
  one.apply(next);
  one.confirmDuringSleep();
  const steps = await one.event();
  expect(one.slept()).toBe(1);
  const again = await router();
  again.edit(edited);
  again.apply(next);
  again.confirmDuringSleep();
  // When the confirmation has come, and its copy has not.
  await again.event(steps - 3);
  await again.boot();
  expect(again.read()).toEqual(edited);
});

test("a file that is empty or damaged is put back, others keep their edits", async () => {
  const one = await router();
  one.edit({ dhcp: `${old.dhcp}# mine\n`, network: "", firewall: "!!!" });
  await one.boot();
  expect(one.read()).toEqual({ ...old, dhcp: `${old.dhcp}# mine\n` });
  expect(one.said()).toContain("puts back network: it is empty or damaged");
  expect(one.said()).toContain("puts back firewall: it is empty or damaged");
});

test("a file that was empty from the start is no damage", async () => {
  const one = await router({ ...old, mwan3: "" });
  expect(await bootsQuietly(one)).toBe(true);
  one.apply({ ...next, mwan3: "" });
  await one.boot();
  expect(one.read()).toEqual({ ...old, mwan3: "" });
});

test("a restart of rpcd, which forgets the apply, confirms nothing", async () => {
  const one = await router();
  one.apply(next);
  one.rpcd(2);
  await one.event();
  expect(one.slept()).toBe(0);
  await one.boot();
  expect(one.read()).toEqual(old);
});

test("a change of others without a rollback leaves its snapshot, and is taken as an edit", async () => {
  const one = await router();
  const theirs = { ...old, dhcp: `${old.dhcp}# theirs\n` };
  one.apply(theirs);
  one.rpcd(2);
  await one.event();
  one.apply(next);
  await one.boot();
  expect(one.read()).toEqual(theirs);
});

test("an apply whose way back somebody has disarmed is not confirmed while it waits", async () => {
  const one = await router();
  one.apply(next);
  one.loseSnapshot();
  await one.event(12);
  expect(one.slept()).toBeGreaterThan(2);
  await one.boot();
  expect(one.read()).toEqual(old);
});

test("an apply that begins while an edit is being kept leaves no mixture behind", async () => {
  const one = await router();
  one.edit({ network: `${old.network}# mine\n` });
  one.applyDuringSync(next);
  await one.event();
  await one.boot();
  expect(one.read()).toEqual(old);
});

test("a clean end keeps what stands, and not what waits", async () => {
  const one = await router();
  one.apply(next);
  await one.run("shutdown");
  await one.boot();
  expect(one.read()).toEqual(old);
  one.apply(next);
  one.confirm();
  await one.run("shutdown");
  await one.boot();
  expect(one.read()).toEqual(next);
});

test("without one of the files it says that it guards nothing", async () => {
  const one = await router({ ...old, mwan3: "!!!" });
  expect(one.said()).toContain("guards nothing: one of network firewall");
});

/** What stands after power was lost at each step of `act`, and perhaps again at each third of the boot. */
async function sweep(
  prepare: (one: RouterDisk) => void,
  act: (one: RouterDisk, stopAt: number) => Promise<number>,
): Promise<Set<unknown>> {
  const first = await router();
  prepare(first);
  const steps = await act(first, 0);
  expect(steps).toBeGreaterThan(5);
  const ends = new Set<string>();
  for (let stopAt = 1; stopAt <= steps; stopAt++) {
    const one = await router();
    // Where the marks are on the disk, and the rest is not.
    if (stopAt % 2 === 0 || stopAt === steps) one.spared = /dhcp|system/;
    prepare(one);
    await act(one, stopAt);
    const steady = stopAt % 3 !== 0;
    // A second loss, in the boot after the first.
    if (!steady) await one.boot(1 + ((stopAt * 5) % 17));
    await one.boot();
    ends.add(JSON.stringify(one.read()));
    expect(await bootsQuietly(one)).toBe(true);
    one.remove();
  }
  return new Set([...ends].map((text) => JSON.parse(text)));
}

testWith("busybox")("BusyBox's shell and commands do the same", async () => {
  const one = await onBusybox();
  one.apply(next);
  await one.boot();
  expect(one.read()).toEqual(old);
  one.apply(next);
  one.confirmDuringSleep();
  await one.event();
  await one.boot();
  expect(one.read()).toEqual(next);
  one.edit({ network: "" });
  await one.boot();
  expect(one.read()).toEqual(next);
});

testWith("busybox")(
  "what waits in the background does not hold procd's lock, on which later triggers would hang",
  async () => {
    const one = await onBusybox();
    one.apply(next);
    await one.run(`exec 1000>"$RIG/procd.lock"; flock 1000
    reload_service
    exec 1000>&-
    flock -w 3 "$RIG/procd.lock" true && logger -t x -p y "the lock is free"
    rm -r "$IPKG_INSTROOT/var/run/rpcd/snapshot-files"; echo 2 >"$RIG/ubus"
    wait`);
    expect(one.said()).toBe("the lock is free\n");
    await one.boot();
    expect(one.read()).toEqual(next);
  },
);

async function onBusybox(): Promise<RouterDisk> {
  const programs = mkdtempSync(join(tmpdir(), "hybrid-site-busybox-"));
  busyboxes.push(programs);
  execFileSync("busybox", ["--install", "-s", programs]);
  // Debian's has none.
  if (!existsSync(join(programs, "flock"))) {
    symlinkSync("/usr/bin/flock", join(programs, "flock"));
  }
  // By its path: not every build has a `busybox` among its own commands.
  const one = new RouterDisk(old, [join(programs, "sh")], programs);
  routers.push(one);
  await one.boot();
  return one;
}

test("power lost at any step of putting back: the old files, whole, after the next boot", async () => {
  const ends = await sweep(
    (one) => one.apply(next),
    (one, stopAt) => one.boot(stopAt),
  );
  expect([...ends]).toEqual([old]);
});

test("power lost at any step around a confirmation: the old files or the new ones, never a mixture", async () => {
  const ends = await sweep(
    (one) => {
      one.apply(next);
      one.confirmDuringSleep();
    },
    (one, stopAt) => one.event(stopAt),
  );
  expect(ends).toEqual(new Set([old, next]));
});

test("power lost at any step of the very first boot, or of keeping an edit: the files stand as they were", async () => {
  const edited = { ...old, network: `${old.network}# mine\n` };
  const ends = await sweep(
    (one) => one.edit(edited),
    (one, stopAt) => one.boot(stopAt),
  );
  expect([...ends]).toEqual([edited]);
  for (let stopAt = 1; stopAt <= 12; stopAt++) {
    const one = new RouterDisk(old);
    routers.push(one);
    await one.boot(stopAt);
    await one.boot();
    expect(one.read()).toEqual(old);
    one.apply(next);
    await one.boot();
    expect(one.read()).toEqual(old);
  }
});
