import { createHash } from "node:crypto";
import { type Call, type Route, requirePrivilege } from "./call";
import { die, invalid } from "./failure";
import { address4, configId, mac } from "./guests/device-formats";
import {
  type Check,
  digest,
  integer,
  limited,
  matching,
  oneOf,
  pattern,
  string,
} from "./parameters";
import { first, formatted, needed, of } from "./property-strings";
import { isTimezone, localSeconds } from "./timezones";
import type { Config } from "./world";

const path = "/nodes/{node}/config";
const defaultTimezone = "Etc/UTC";

const label = "[a-z0-9][a-z0-9_-]*";
const domain = pattern(new RegExp(`${label}(?:\\.${label})+`, "i"));
const domains: Check = (value) =>
  value
    .split(/[;, ]+/)
    .map((item) => domain(item))
    .find(Boolean);
const acmeDomain = formatted({
  domain: needed(first(of(domain))),
  plugin: of(configId),
  alias: of(domain),
});

/** The schema of PVE/NodeConfig.pm. */
const settings: Record<string, Check> = {
  acme: formatted({ account: of(configId), domains: of(domains) }),
  ...Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [`acmedomain${index}`, acmeDomain]),
  ),
  "ballooning-target": integer(0, 100),
  description: limited(64 * 1024),
  "startall-onboot-delay": integer(0, 300),
  wakeonlan: formatted({
    mac: needed(first(of(mac))),
    "bind-interface": of(matching(/^[a-z][\w.:-]{1,20}$/i, "interface name")),
    "broadcast-address": of(address4),
  }),
};
const numbers = ["ballooning-target", "startall-onboot-delay"];

const listed = (value: string) => value.split(/[;, ]+/).filter(Boolean);
const configIds: Check = (value) => {
  const wrong = listed(value).find((item) => configId(item));
  return wrong === undefined ? undefined : configId(wrong);
};

/** As the file has it: the description above, the rest by name. */
function rendered({ description = "", ...rest }: Config): string {
  const words = String(description).split("\n");
  if (words.at(-1) === "") words.pop();
  return [
    ...words.map((line) => `#${line}\n`),
    ...Object.keys(rest)
      .sort()
      .map((key) => `${key}: ${rest[key]}\n`),
  ].join("");
}

/** A file that is not there, or empty, has no digest, and none is asked of it. */
function digestOf(config: Config): string | undefined {
  const text = rendered(config);
  return text ? createHash("sha1").update(text).digest("hex") : undefined;
}

function put({ world, node, params }: Call): void {
  const { delete: unset = "", digest: given, ...changes } = params;
  const config = { ...node.config };
  const actual = digestOf(config);
  if (given && actual && given !== actual)
    throw die(
      "detected modified configuration - file changed by other user? Try again.",
    );
  for (const [key, value] of Object.entries(changes))
    config[key] = numbers.includes(key) ? Number(value) : value;
  for (const key of listed(unset)) delete config[key];
  const { description } = config;
  // As it is read from the file again.
  if (description === "") delete config.description;
  else if (description !== undefined)
    config.description = `${String(description).replace(/\n+$/, "")}\n`;
  const broken = Object.keys(config).find(
    (key) => key !== "description" && /\n/.test(String(config[key])),
  );
  if (broken) throw die(`detected invalid newline inside property '${broken}'`);
  node.config = config;
  world.save("nodes", node);
}

export const nodeOptionRoutes: Route[] = [
  {
    method: "GET",
    path,
    allow: (call) => requirePrivilege(call, "/", "Sys.Audit"),
    schema: { optional: { property: oneOf(...Object.keys(settings).sort()) } },
    handle: ({ node, params }) => {
      const { config = {} } = node;
      const { property } = params;
      if (property === undefined)
        return { ...config, digest: digestOf(config) };
      return property in config ? { [property]: config[property] } : {};
    },
  },
  {
    method: "PUT",
    path,
    allow: (call) => requirePrivilege(call, "/", "Sys.Modify"),
    schema: { optional: { ...settings, delete: configIds, digest } },
    handle: put,
  },
  {
    method: "GET",
    path: "/nodes/{node}/time",
    allow: (call) =>
      requirePrivilege(call, `/nodes/${call.node.name}`, "Sys.Audit"),
    handle: ({ node }) => {
      const { timezone = defaultTimezone } = node;
      const time = Math.floor(Date.now() / 1_000);
      return { timezone, time, localtime: localSeconds(time, timezone) };
    },
  },
  {
    method: "PUT",
    path: "/nodes/{node}/time",
    allow: (call) =>
      requirePrivilege(call, `/nodes/${call.node.name}`, "Sys.Modify"),
    schema: { required: { timezone: string } },
    handle: ({ world, node, params }) => {
      const { timezone = "" } = params;
      if (!isTimezone(timezone)) throw invalid("timezone", "No such timezone");
      node.timezone = timezone;
      world.save("nodes", node);
    },
  },
];
