import { LabCommand } from "../support/lab-command";
import { writeSite } from "../support/small-site";

jest.setTimeout(120_000);

const lab = new LabCommand();
const manifest = (change?: Parameters<typeof writeSite>[2]) => {
  process.env.LAB_MANIFEST = writeSite(
    lab.folder,
    ["openwrt", "reverse-proxy", "ci-runner"],
    change,
  );
};
afterAll(() => {
  delete process.env.LAB_MANIFEST;
  lab.remove();
});

test("a wrong manifest is told whole, once and without a stack, and nothing is made", async () => {
  manifest((site) => {
    Object.assign(site.guests[0] ?? {}, { memroy: "1GiB", host: "nowhere" });
  });
  const { code, output } = await lab.run();
  expect(code).toBe(1);
  expect(output).toMatch(
    /2 problems\nx there .*\n {2}at guests\[0\]\.host \(line \d+\)\nx "memroy" .*did you mean "memory"\?\n {2}at guests\[0\]\.memroy/,
  );
  expect(output).toContain('x there is no Proxmox host "nowhere"');
  expect(output).not.toMatch(/\n\s+at .*\.ts:/);
});

test("what a rule forbids stops the run before anything is made", async () => {
  manifest((site) => {
    for (const guest of site.guests) guest.memory = "30GiB";
  });
  const { code, output } = await lab.run("up", "--yes");
  expect(code).not.toBe(0);
  expect(output).toContain(
    'host-memory: guests of host "ml110" take 60 GiB of 32 GiB',
  );
  expect(output).toContain(
    'What a message calls "pulumi up" or "pulumi refresh" is here: npm run lab',
  );
  expect(lab.guests()).toEqual([]);
});

test("lost replies and cut connections are got over in one run, with no guest twice", async () => {
  manifest();
  await lab.run(
    "fault",
    "error-after",
    "--match",
    "POST /nodes/*/qemu/*/clone",
    "--count",
    "2",
  );
  await lab.run(
    "fault",
    "reset-after",
    "--match",
    "POST /nodes/*/qemu",
    "--count",
    "2",
  );
  const { code } = await lab.run("up", "--yes", "--skip-preview");
  expect(code).toBe(0);
  expect(lab.requests().filter(({ fault }) => fault).length).toBe(4);
  expect(lab.guests()).toEqual([
    "ml110/ci-runner running",
    "ml110/reverse-proxy running",
    "ml110/ubuntu-24.04 template",
    "router-server/openwrt running",
  ]);
});

test("two runs at once follow each other, and the second finds nothing to do", async () => {
  const both = await Promise.all([
    lab.run("up", "--yes", "--skip-preview"),
    lab.run("up", "--yes", "--skip-preview"),
  ]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(lab.guests()).toHaveLength(4);
});

test("a failed start is one clear error, and the next run finishes", async () => {
  await lab.run("destroy", "--yes");
  await lab.run("fault", "task-fail", "--match", "qmstart", "--count", "1");
  const failed = await lab.run("up", "--yes", "--skip-preview");
  expect(failed.code).not.toBe(0);
  expect(failed.output).toMatch(
    /Unable to create VirtualMachine "[\w-]+": start of guest \d+ failed: command failed: exit code 1/,
  );
  expect((await lab.run("up", "--yes", "--skip-preview")).code).toBe(0);
  expect(lab.guests().filter((line) => line.endsWith("stopped"))).toEqual([]);
});

test("shrinking a disk is refused at preview with the property", async () => {
  manifest((site) => {
    Object.assign(site.guests.find(({ name }) => name === "ci-runner") ?? {}, {
      disks: [
        {
          slot: "scsi0",
          storage: "local-zfs",
          size: "40GiB",
          onDestroy: "destroy",
        },
      ],
    });
  });
  const { code, output } = await lab.run("preview");
  expect(code).not.toBe(0);
  expect(output).toContain("disks.scsi0.size");
  expect(output).toContain("cannot shrink from 60 to 40 GiB");
});

test.each([
  ["an unknown fault", ["fault", "meteor"], 'there is no fault "meteor"'],
  [
    "an unknown guest",
    ["drift", "stop", "nobody"],
    'there is no guest "nobody"',
  ],
  [
    "an unknown setting",
    ["drift", "set", "openwrt", "memroy", "1024"],
    'there is no setting "memroy", there are acpi, ',
  ],
  [
    "an unknown privilege",
    ["fault", "revoke", "ml110", "VM.Monitor"],
    'there is no privilege "VM.Monitor", there are ',
  ],
  [
    "an incomplete drift",
    ["drift", "set", "k3s"],
    'Unable to drift "set k3s": it is not complete.',
  ],
  [
    "a number that is none",
    ["fault", "error-before", "--count", "some"],
    'Unable to use count "some": it is no number.',
  ],
])("%s is one clear error", async (_what, words, message) => {
  const { code, output } = await lab.run(...words);
  expect([code, output]).toEqual([1, expect.stringContaining(message)]);
});
