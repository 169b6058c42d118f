import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRouted, type RoutedSite, type Site } from "../site";
import { imageRecipe } from "../site/image";
import { type Address, addressAt } from "./addresses";
import {
  type OpenwrtLab,
  type OpenwrtRecord,
  type OpenwrtSpec,
  startOpenwrt,
} from "./openwrt";
import { openwrtDirectory } from "./paths";

export interface RouterAccess {
  host: string;
  url: string;
  ca: string;
  fingerprint: string;
  username: string;
  password: string;
}

export interface SiteRouter {
  lab: OpenwrtLab;
  access: RouterAccess;
}

const account = "hybrid-site";
const httpsPort = 443;
/** Ports under 1024 are not for everybody. */
const unprivileged = 8_000;

/** What is simulated of it, whatever its image holds. */
export type RouterHardware = Omit<OpenwrtSpec, "files" | "shadow" | "listen">;

export function routerHardware(site: Site): RouterHardware | undefined {
  if (!isRouted(site)) return undefined;
  const { router, wan, networks } = site;
  const management = networks.find(({ name }) => name === router.management);
  const devices = [router.trunk, ...wan.lines.map(({ port }) => port)];
  return {
    name: router.guest,
    devices: devices.map((name, index) => ({
      name,
      mac: router.macs?.[name] ?? `a0:36:9f:00:00:0${index}`,
    })),
    trunk: router.trunk,
    managementAddress: management?.gateway ?? "",
    lines: wan.lines.map(({ name, port }, index) => ({
      name,
      device: port,
      address: `100.64.${index + 1}.2/24`,
      gateway: `100.64.${index + 1}.1`,
      ipv6: { address: `2001:db8:${index + 1}::2/128`, gateway: "fe80::1" },
      reaches: "all",
    })),
  };
}

export function routerAddress(site: Site, place: number): Address | undefined {
  const hardware = routerHardware(site);
  if (hardware === undefined) return undefined;
  const port = process.getuid?.() === 0 ? httpsPort : httpsPort + unprivileged;
  return addressAt(
    place,
    hardware.managementAddress,
    site.proxmox.hosts.length,
    port,
  );
}

/** The site's router, born of the image that the manifest describes. */
export async function startRouter(
  site: Site,
  place: number,
  record: ((entry: OpenwrtRecord) => void) | undefined,
): Promise<SiteRouter | undefined> {
  const hardware = routerHardware(site);
  const listen = routerAddress(site, place);
  if (!isRouted(site) || hardware === undefined || listen === undefined)
    return undefined;
  mkdirSync(openwrtDirectory, { recursive: true, mode: 0o700 });
  const shadow = passwords();
  const lab = await startOpenwrt({
    directory: openwrtDirectory,
    spec: { ...hardware, listen, shadow, files: imageFiles(site) },
    record,
  });
  return {
    lab,
    access: {
      host: hardware.name,
      ...lab.endpoint,
      username: account,
      password: shadow[account] ?? "",
    },
  };
}

/** The recipe's files, with the account that build.sh writes and the links that enabling makes. */
function imageFiles(site: RoutedSite): Record<string, string> {
  const files = Object.fromEntries(
    Object.entries(imageRecipe(site)).flatMap(([path, { text }]) =>
      path.startsWith("files/") ? [[path.slice("files/".length), text]] : [],
    ),
  );
  const guard = files["etc/init.d/hybrid-site-guard"] ?? "";
  return {
    ...files,
    "etc/config/rpcd": `${files["etc/config/rpcd"]}
config login
	option username '${account}'
	option password '$p$${account}'
	list read '${account}'
	list write '${account}'
`,
    "etc/rc.d/S15hybrid-site-guard": guard,
    "etc/rc.d/K10hybrid-site-guard": guard,
  };
}

/** Made once, for this lab only. */
function passwords(): Record<string, string> {
  const file = join(openwrtDirectory, "shadow.json");
  if (!existsSync(file)) {
    const random = () => randomBytes(16).toString("hex");
    const made = { root: random(), [account]: random() };
    writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
}
