import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "pulumi/package.json";
import type * as Exports from "../../lab/exports";

const folder = mkdtempSync(join(tmpdir(), "hybrid-site's lab-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

process.env.LAB_DIR = folder;
const { deviceExports, pulumiExports } =
  require("../../lab/exports") as typeof Exports;

function shell(text: string, show: string): string {
  return execFileSync("sh", ["-c", `eval "$TEXT"; ${show}`], {
    encoding: "utf8",
    env: { ...process.env, TEXT: text },
  }).trim();
}

test("a shell has each device's address, token and the authorities under the node's name", () => {
  const text = deviceExports({
    endpoints: {
      "router-server": {
        url: "https://127.77.10.10:8006",
        ca: "FIRST",
        fingerprint: "AA",
      },
      r630: {
        url: "https://127.77.10.12:8006",
        ca: "SECOND\n",
        fingerprint: "BB",
      },
    },
    tokens: { "router-server": "a@pve!b=1", r630: "a@pve!b=2" },
    hosts: {
      r630: {
        address: "127.77.10.12",
        port: 8022,
        hostKey: "ssh-ed25519 AAAA",
        username: "root",
        smb: {},
      },
    },
    ssh: { privateKey: "SECRET", keyFile: "/a key's file" },
    hardware: "",
  });
  const variables = [
    "ENDPOINT_ROUTER_SERVER",
    "API_TOKEN_ROUTER_SERVER",
    "FINGERPRINT_R630",
    "API_TOKEN_R630",
  ];
  expect(
    shell(
      text,
      variables.map((name) => `echo "$PROXMOX_VE_${name}"`).join(";"),
    ),
  ).toBe("https://127.77.10.10:8006\na@pve!b=1\nBB\na@pve!b=2");
  const file = shell(text, 'echo "$PROXMOX_VE_CA_FILE"');
  expect(readFileSync(file, "utf8")).toBe("FIRST\nSECOND\n");
  const ssh = readFileSync(shell(text, 'echo "$SSH_CONFIG"'), "utf8");
  expect(ssh).toBe(`Host r630
  HostName 127.77.10.12
  Port 8022
  User root
  IdentityFile "/a key's file"
  IdentitiesOnly yes
  UserKnownHostsFile "${folder}/known_hosts"
`);
  expect(readFileSync(join(folder, "known_hosts"), "utf8")).toBe(
    "[127.77.10.12]:8022 ssh-ed25519 AAAA\n",
  );
  expect(text).not.toContain("SECRET");
});

test("a shell is in the lab's folder, whatever its name, with its state and its engine", async () => {
  process.env.PULUMI_HOME = join(folder, "home");
  const bin = join(folder, "home/versions", version, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "pulumi"), "#!/bin/sh\necho this one\n", {
    mode: 0o755,
  });
  const text = await pulumiExports();
  expect(shell(text, 'pwd; echo "$PULUMI_BACKEND_URL"; pulumi')).toBe(
    `${folder}\nfile://${folder}/state\nthis one`,
  );
});
