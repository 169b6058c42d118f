import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const engine = resolve(__dirname, "../../engine/engine.cjs");
const version = "3.259.0";
let folder: string;

/** A project, a user's home and a PATH with nothing but a shell's own tools. */
beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "hybrid-site-engine-"));
  write("project/package.json", `{"dependencies":{"pulumi":"${version}"}}`);
  mkdirSync(join(folder, "path"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** In a process of its own; Pulumi's host is refused, or answers with a status. */
function ensure(status?: number) {
  const script = `
    globalThis.fetch = async () => {
      console.error("asked Pulumi's host");
      if (${status} === undefined) throw new Error("refused");
      return new Response("", { status: ${status} });
    };
    require(${JSON.stringify(engine)})
      .ensureEngine(${JSON.stringify(join(folder, "project"))})
      .then((answer) => console.log(JSON.stringify(answer)), (error) => {
        console.error(error.message);
        console.log("{}");
        process.exitCode = 1;
      });`;
  const result = spawnSync(process.execPath, ["-e", script], {
    encoding: "utf8",
    env: {
      PATH: [join(folder, "path"), "/usr/bin", "/bin"].join(":"),
      PULUMI_HOME: join(folder, "home"),
      XDG_CACHE_HOME: join(folder, "cache"),
    },
  });
  const { PULUMI_HOME: home } = JSON.parse(result.stdout) as {
    PULUMI_HOME?: string;
  };
  return { home, told: result.stderr, code: result.status };
}

function write(name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

function installCli(bin: string, told = `v${version}`): void {
  write(`${bin}/pulumi`, `#!/bin/sh\necho ${told}\n`);
  write(`${bin}/pulumi-language-nodejs`, "#!/bin/sh\n");
}

/** Compiles nothing, but answers as Go does and notes what it was asked. */
function installGo(told = "go1.25.1"): void {
  write(
    "path/go",
    `#!/bin/sh
echo "$1" >> ${join(folder, "asked")}
case $1 in
  version) echo "go version ${told} linux/amd64";;
  list) echo some/package;;
  build) echo built > "$4";;
esac
`,
  );
}

const asked = () => readFileSync(join(folder, "asked"), "utf8").split("\n");
const binOf = (home = "") => join(home, "versions", version, "bin");

test("the user's own CLI is used, and no home of the project is made", () => {
  installCli(`home/versions/${version}/bin`);
  expect(ensure()).toEqual({ home: undefined, told: "", code: 0 });
  expect(existsSync(join(folder, "cache"))).toBe(false);
});

test("a pulumi of this version on the PATH is linked to", () => {
  installCli("path");
  const { home } = ensure();
  expect(realpathSync(binOf(home))).toBe(join(folder, "path"));
  expect(existsSync(join(folder, "home"))).toBe(false);
});

test("a pulumi of another version is not used", () => {
  installCli("path", "v3.258.0");
  installGo();
  const { home } = ensure();
  expect(readdirSync(binOf(home)).sort()).toEqual([
    "language-host.cjs",
    "pulumi",
    "pulumi-language-nodejs",
    "pulumi-resource-pulumi-nodejs",
  ]);
});

test("it is built once, where nothing else is to be had", () => {
  installGo();
  const { home, told } = ensure();
  expect(told).toContain(
    `building Pulumi ${version} from its published modules`,
  );
  expect(ensure()).toEqual({ home, told: "", code: 0 });
  expect(asked().filter((word) => word === "build")).toHaveLength(1);
});

test("a build that was killed is made again", () => {
  installGo();
  const { home } = ensure();
  rmSync(join(binOf(home), "pulumi"));
  ensure();
  expect(existsSync(join(binOf(home), "pulumi"))).toBe(true);
});

test("Pulumi's download is tried again a day later, and the stand-in given up when it comes", () => {
  installGo();
  const { home = "" } = ensure();
  const yesterday = Date.now() / 1_000 - 25 * 3_600;
  utimesSync(join(home, "looked-for-pulumi"), yesterday, yesterday);
  installCli(`fetched/versions/${version}/bin`);
  const lock = "{}";
  const hash = createHash("sha256").update(lock).digest("hex");
  write("project/package-lock.json", lock);
  write("project/node_modules/.hybrid-site", hash);
  write(
    "project/node_modules/pulumi/lib/download.js",
    `exports.installCLI = (_version, root) =>
       require("node:fs").cpSync("${folder}/fetched/versions/${version}", root, { recursive: true });`,
  );
  expect(ensure(200)).toEqual({
    home: undefined,
    told: expect.stringContaining(`Downloading Pulumi ${version}`),
    code: 0,
  });
  expect(existsSync(home)).toBe(false);
  expect(existsSync(join(binOf(join(folder, "home")), "pulumi"))).toBe(true);
});

test("a refusal by what stands before the download's host is no download", () => {
  installGo();
  expect(ensure(403).home).toContain("cache");
});

test.each([
  ["missing", undefined, "found: none"],
  ["too old", "go1.24.9", "found: 1.24.9"],
])("a Go that is %s is told with what to install", (_what, release, text) => {
  write("path/go", "#!/bin/sh\nexit 127\n");
  if (release) installGo(release);
  const { code, told } = ensure();
  expect([code, told]).toEqual([1, expect.stringContaining(text)]);
  expect(told).toMatch(/Install Go 1\.25 or newer .*or Pulumi's CLI/);
});

test("a failed build shows Go's reason, and the next run starts over", () => {
  installGo();
  const script = readFileSync(join(folder, "path/go"), "utf8");
  write(
    "path/go",
    script.replace('echo built > "$4"', "echo no space left >&2; exit 2"),
  );
  const { code, told } = ensure();
  expect(code).toBe(1);
  expect(told).toContain("no space left");
  expect(told).toContain('"go build" ended with 2 (see above)');
  installGo();
  expect(ensure().code).toBe(0);
});
