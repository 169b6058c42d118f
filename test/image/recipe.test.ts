import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deriveRouter, isRouted, loadSite } from "../../site";
import { imageRecipe } from "../../site/image";
import { writeRecipe } from "../../site/image/write";
import { root } from "../support/lab-command";
import { configs, type Files, files, RouterDisk } from "../support/router-disk";
import { writeSite } from "../support/small-site";
import { testWith } from "../support/tool";

const dev = join(root, "environments/dev.yaml");
let directory: string;
let out: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "hybrid-site-image-"));
  out = join(directory, "image");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const written = (path: string) => readFileSync(join(out, path), "utf8");

testWith("shellcheck")("every script of the recipe passes shellcheck", () => {
  writeRecipe(dev, out);
  const scripts = Object.entries(recipeOf(dev))
    .filter(([, { isProgram }]) => isProgram)
    .map(([path]) => join(out, path));
  expect(scripts).toHaveLength(4);
  const { stdout } = spawnSync("shellcheck", scripts, { encoding: "utf8" });
  expect(stdout).toBe("");
});

function recipeOf(file: string) {
  const site = loadSite(file);
  if (!isRouted(site)) throw new Error("it has no router");
  return imageRecipe(site);
}

test("the account has just the rights that the provider needs", () => {
  writeRecipe(dev, out);
  const scope = ["network", "firewall", "dhcp", "mwan3", "system"];
  const text = written("files/usr/share/rpcd/acl.d/hybrid-site.json");
  expect(JSON.parse(text)).toEqual({
    "hybrid-site": {
      description: expect.any(String),
      read: {
        ubus: {
          uci: ["configs", "get", "state", "changes"],
          session: ["access", "list", "get", "destroy"],
          "network.interface": ["dump", "status"],
          "network.device": ["status"],
          mwan3: ["status"],
          system: ["board"],
        },
        uci: scope,
      },
      write: {
        ubus: {
          uci: "add set delete rename order revert apply confirm rollback".split(
            " ",
          ),
        },
        uci: scope,
      },
    },
  });
  // Of itself the account's file lets nobody in: the login comes with the build.
  expect(written("files/etc/config/rpcd")).not.toContain("config login");
});

test("the image answers on its management address only, in the sections that are derived later too", () => {
  writeRecipe(dev, out);
  expect(written("files/etc/config/network")).toBe(`
config interface 'loopback'
	option device 'lo'
	option proto 'static'
	list ipaddr '127.0.0.1/8'

config device 'br_lan'
	option name 'br-lan'
	option type 'bridge'
	list ports 'eth0'

config bridge-vlan 'vlan10'
	option device 'br-lan'
	option vlan '10'
	list ports 'eth0:t'

config interface 'management'
	option device 'br-lan.10'
	option proto 'static'
	list ipaddr '10.10.10.1/24'
	option delegate '0'
`);
  const firewall = written("files/etc/config/firewall");
  expect(firewall.match(/^config .*/gm)).toEqual([
    "config defaults 'defaults'",
    "config zone 'zone_management'",
    "config rule 'administer_management'",
    "config rule 'ping_management'",
  ]);
  expect(firewall.match(/option (input|forward) 'ACCEPT'/)).toBeNull();
  expect(written("files/etc/config/dropbear")).toContain(
    "option Interface 'management'",
  );
  const uhttpd = written("files/etc/config/uhttpd");
  expect(uhttpd).not.toContain("listen_http ");
  expect(uhttpd).toContain("list listen_https '0.0.0.0:443'");
});

test("each section of the birth that the router's resource has is the same there", () => {
  const site = loadSite(dev);
  if (!isRouted(site)) throw new Error("it has no router");
  const derived = deriveRouter(site);
  const { network, firewall, dhcp, mwan3 } = derived;
  const names = (text: string) =>
    [...text.matchAll(/^config \S+ '(\w+)'/gm)].map(([, name]) => name);
  writeRecipe(dev, out);
  const all = { network, firewall, dhcp, mwan3 };
  for (const [config, sections] of Object.entries(all)) {
    const known = sections.map(({ section }) => section);
    const born = names(written(`files/etc/config/${config}`));
    expect(known).toEqual(
      expect.arrayContaining(born.filter((name) => name !== "loopback")),
    );
  }
});

test("sysupgrade keeps rights, keys, account and the guard with its copies", () => {
  writeRecipe(dev, out);
  expect(written("files/etc/sysupgrade.conf").split("\n")).toEqual(
    expect.arrayContaining([
      "/usr/share/rpcd/acl.d/hybrid-site.json",
      "/etc/config/",
      "/etc/hybrid-site/",
      "/etc/uhttpd.key",
      "/etc/uhttpd.crt",
      "/etc/dropbear/",
    ]),
  );
});

test("what an image is born with goes through the guard's boots", async () => {
  const recipe = recipeOf(dev);
  const born = Object.fromEntries(
    configs.map((name) => [name, recipe[`files/etc/config/${name}`]?.text]),
  ) as Files;
  const router = new RouterDisk(born);
  await router.boot();
  router.apply(files("next", "first"));
  await router.boot();
  expect(router.read()).toEqual(born);
  router.apply(files("next", "second"));
  router.confirmDuringSleep();
  await router.event();
  await router.boot();
  expect(router.read()).toEqual(files("next", "second"));
  router.remove();
});

test("a site without a router, or without its address, is told so", () => {
  const none = writeSite(directory, ["tunnel"]);
  expect(() => writeRecipe(none, out)).toThrow("it has no router");
  expect(existsSync(out)).toBe(false);
});

test("a quote in the manifest's words stays inside its value", () => {
  const { uciText } =
    require("../../site/image/uci-text") as typeof import("../../site/image/uci-text");
  expect(
    uciText([
      {
        section: "r",
        type: "rule",
        options: { name: "it's", log: true, n: 5 },
      },
    ]),
  ).toBe(
    "\nconfig rule 'r'\n\toption name 'it'\\''s'\n\toption log '1'\n\toption n '5'\n",
  );
});

describe("the build", () => {
  /** An ImageBuilder that packs what it is given, instead of a file system. */
  const makefile = `image:
	mkdir -p $(BIN_DIR)
	tar -cf - -C $(FILES) . >$(BIN_DIR)/tree
	printf '%s\\n' "$(PROFILE)" "$(PACKAGES)" >$(BIN_DIR)/called
	( cat $(BIN_DIR)/called; cat $(BIN_DIR)/tree ) | gzip >$(BIN_DIR)/openwrt-squashfs-combined.img.gz
	printf 'metadata' >>$(BIN_DIR)/openwrt-squashfs-combined.img.gz
`;

  function prepare(): void {
    writeRecipe(dev, out);
    const builder = join(directory, "openwrt-imagebuilder");
    mkdirSync(builder, { recursive: true });
    writeFileSync(join(builder, "Makefile"), makefile);
    const archive = join(directory, "builder.tar.gz");
    execFileSync("tar", [
      "-czf",
      archive,
      "-C",
      directory,
      "openwrt-imagebuilder",
    ]);
    const [sum] = execFileSync("sha256sum", [archive], {
      encoding: "utf8",
    }).split(" ");
    const recipe = written("recipe.env")
      .replace(/(IMAGE_BUILDER_URL=).*/, `$1'file://${archive}'`)
      .replace(/(IMAGE_BUILDER_SHA256=).*/, `$1'${sum}'`);
    writeFileSync(join(out, "recipe.env"), recipe);
  }

  function build(input: string, ...args: string[]) {
    const { status, stdout, stderr } = spawnSync(
      "sh",
      [join(out, "build.sh"), ...args],
      { input, encoding: "utf8" },
    );
    return { status, output: stdout + stderr };
  }

  /** What the image has: after two lines of how it was made, the tree. */
  function unpack(): string {
    const image = readFileSync(join(out, "openwrt-24.10.raw"));
    const start = image.indexOf("\n", image.indexOf("\n") + 1) + 1;
    const tree = join(directory, "tree");
    rmSync(tree, { recursive: true, force: true });
    mkdirSync(tree);
    execFileSync("tar", ["-xpf", "-", "-C", tree], {
      input: image.subarray(start),
    });
    return tree;
  }

  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

  test("puts account, key and certificate into the image, and tells what the stack needs", () => {
    prepare();
    const password = "correct horse battery";
    writeFileSync(join(directory, "id.pub"), "ssh-ed25519 AAAA someone\n");
    const key = join(directory, "id.pub");
    const { status, output } = build(`${password}\n`, "--ssh-key", key);
    expect([status, output]).toEqual([
      0,
      expect.not.stringContaining(password),
    ]);
    const tree = unpack();
    const rpcd = readFileSync(join(tree, "etc/config/rpcd"), "utf8");
    const [, hash = "", salt = ""] =
      /option password '(\$6\$([^$]+)\$[^']+)'/.exec(rpcd) ?? [];
    const again = execFileSync(
      "openssl",
      ["passwd", "-6", "-salt", salt, "-stdin"],
      { input: password, encoding: "utf8" },
    );
    expect(again.trim()).toBe(hash);
    expect(rpcd).toContain("option username 'hybrid-site'");
    expect(rpcd).toContain("list write 'hybrid-site'");
    const fingerprint = execFileSync(
      "openssl",
      "x509 -noout -fingerprint -sha256 -in"
        .split(" ")
        .concat(join(tree, "etc/uhttpd.crt")),
      { encoding: "utf8" },
    )
      .trim()
      .split("=")[1];
    expect(output).toContain(
      `'hybrid-site:endpoints.openwrt.openwrt.fingerprints[0]' ${fingerprint}`,
    );
    expect(output).toContain("openwrt.url' https://10.10.10.1\n");
    const [sum] = execFileSync("sha256sum", [join(out, "openwrt-24.10.raw")], {
      encoding: "utf8",
    }).split(" ");
    expect(output).toContain(`sha256 ${sum}  openwrt-24.10.raw`);
    expect(
      readFileSync(join(tree, "etc/dropbear/authorized_keys"), "utf8"),
    ).toBe("ssh-ed25519 AAAA someone\n");
    expect(
      [
        "etc",
        "etc/config",
        "etc/config/firewall",
        "etc/config/rpcd",
        "etc/uhttpd.key",
        "etc/dropbear/authorized_keys",
        "etc/init.d/hybrid-site-guard",
        "usr/share/rpcd/acl.d/hybrid-site.json",
      ].map((path) => mode(join(tree, path))),
    ).toEqual(["755", "755", "644", "600", "600", "600", "755", "644"]);
    expect(mode(join(out, "openwrt-24.10.raw"))).toBe("600");
    expect(mode(join(out, "secret/password"))).toBe("600");
  });

  test("locks root, or sets the password that was given, at the first boot", () => {
    prepare();
    const shadow = (hash?: string) => {
      const args = hash ? ["--root-password-hash", hash] : [];
      expect(build("", ...args).status).toBe(0);
      const tree = unpack();
      writeFileSync(join(tree, "etc/shadow"), "root::0:0:99999:7:::\nx:*:\n");
      execFileSync("sh", [join(tree, "etc/uci-defaults/90-hybrid-site")], {
        env: { ...process.env, IPKG_INSTROOT: tree },
      });
      expect(existsSync(join(tree, "etc/hybrid-site/root-password"))).toBe(
        false,
      );
      return readFileSync(join(tree, "etc/shadow"), "utf8");
    };
    expect(shadow()).toBe("root:*:0:0:99999:7:::\nx:*:\n");
    expect(shadow("$6$salt$a.b/c")).toBe(
      "root:$6$salt$a.b/c:0:0:99999:7:::\nx:*:\n",
    );
    expect(build("", "--root-password-hash", "secret").output).toContain(
      "the hash of root's password is none",
    );
  });

  test("after an upgrade the image's own files win over kept ones", () => {
    prepare();
    build("");
    const tree = unpack();
    const name = "usr/share/rpcd/acl.d/hybrid-site.json";
    mkdirSync(join(tree, "rom/usr/share/rpcd/acl.d"), { recursive: true });
    writeFileSync(join(tree, "rom", name), "new");
    writeFileSync(join(tree, "etc/shadow"), "root::\n");
    execFileSync("sh", [join(tree, "etc/uci-defaults/90-hybrid-site")], {
      env: { ...process.env, IPKG_INSTROOT: tree },
    });
    expect(readFileSync(join(tree, name), "utf8")).toBe("new");
  });

  test("makes a password where none is given, and uses it and the key again", () => {
    prepare();
    const first = build("");
    const password = written("secret/password").trim();
    expect(password).toMatch(/^[0-9a-f]{48}$/);
    expect(first.output).not.toContain(password);
    const second = build("another\n");
    expect(written("secret/password").trim()).toBe(password);
    const fingerprint = (output: string) => /([0-9A-F]{2}:){31}../.exec(output);
    expect(fingerprint(second.output)?.[0]).toBe(
      fingerprint(first.output)?.[0],
    );
    // A new recipe takes none of it away.
    writeRecipe(dev, out);
    expect(written("secret/password").trim()).toBe(password);
  });

  test("refuses an ImageBuilder with another checksum, and keeps none of it", () => {
    prepare();
    const recipe = written("recipe.env");
    writeFileSync(
      join(out, "recipe.env"),
      recipe.replace(/(SHA256=').{4}/, "$1ffff"),
    );
    const { status, output } = build("");
    expect(status).toBe(1);
    expect(output).toContain(
      'Unable to build the image of router "openwrt": the checksum of file://',
    );
    expect(existsSync(join(out, "cache/builder.tar.gz"))).toBe(false);
    expect(existsSync(join(out, "work"))).toBe(false);
  });

  test.each([
    [["--colour", "red"], "there is no option --colour"],
    [["--ssh-key"], "--ssh-key needs a value"],
    [["--ssh-key", "/nowhere.pub"], "there is no key /nowhere.pub"],
  ])("refuses %j", (args, why) => {
    prepare();
    const { status, output } = build("", ...args);
    expect([status, output]).toEqual([1, expect.stringContaining(why)]);
  });

  test("an ImageBuilder that fails, or builds nothing, is told with its last words", () => {
    prepare();
    const recipe = written("recipe.env");
    writeFileSync(
      join(out, "recipe.env"),
      recipe.replace("squashfs-combined", "squashfs-other"),
    );
    expect(build("").output).toContain(
      "make image left no *squashfs-other.img.gz",
    );
  });
});
