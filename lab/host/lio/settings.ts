import { type Credential, credentialOf, setCredential } from "./kernel";
import { asBoolean, Failure, type Line } from "./line";
import type { Node, Scope } from "./nodes";
import { isPreference, preferencesOf, savePreferences } from "./preferences";

const credentials: Record<string, Credential> = {
  userid: "chap_userid",
  password: "chap_password",
  mutual_userid: "chap_mutual_userid",
  mutual_password: "chap_mutual_password",
};

interface Group {
  get(key: string): string | undefined;
  /** Throws when the kernel does not take it. */
  set(key: string, value: string): void;
}

/** `set GROUP key=value ...`: what has been set before a fault stays set. */
export function set(scope: Scope, node: Node, line: Line): void {
  const [name = ""] = line.positional;
  const group = groupOf(scope, node, name);
  if (group === undefined)
    throw new Failure(`Unknown configuration group: ${name}`);
  for (const [key, value] of Object.entries(line.keyed)) {
    if (group.get(key) === undefined)
      throw new Failure(`Unknown parameter ${key} in group '${name}'.`);
    group.set(key, value);
    scope.say(`Parameter ${key} is now '${group.get(key)}'.`);
  }
}

export function get(scope: Scope, node: Node, line: Line): void {
  const [name = "", ...keys] = line.positional;
  const group = groupOf(scope, node, name);
  if (group === undefined)
    throw new Failure(`Unknown configuration group: ${name}`);
  for (const key of keys) {
    const value = group.get(key);
    if (value === undefined)
      throw new Failure(`No parameter '${key}' in group '${name}'.`);
    scope.say(`${key}=${value} `);
  }
}

function groupOf(scope: Scope, node: Node, name: string): Group | undefined {
  const { world } = scope;
  if (name === "global") {
    const values = preferencesOf(world);
    return {
      get: (key) => (isPreference(key) ? `${values[key]}` : undefined),
      set(key, value) {
        if (!isPreference(key)) return;
        values[key] = notSetting(key, () => asBoolean(value, false));
        savePreferences(world, values);
      },
    };
  }
  if (node.kind === "group" && name === "attribute") {
    const { attributes, parameters } = node.group;
    return {
      get: (key) => text(attributes[key]),
      set(key, value) {
        const isFlag = key === "authentication" || /^demo_|^gen/.test(key);
        const wrong = !/^\d+$/.test(value) || (isFlag && Number(value) > 1);
        if (wrong)
          throw new Failure(
            `Cannot set attribute ${key}: [Errno 22] Invalid argument`,
          );
        attributes[key] = Number(value);
        if (key === "authentication")
          parameters.AuthMethod = Number(value) === 1 ? "CHAP" : "CHAP,None";
      },
    };
  }
  if (node.kind === "group" && name === "parameter") {
    const { parameters } = node.group;
    return {
      get: (key) => text(parameters[key]),
      set(key, value) {
        // A list where one value is due, or more than the kernel's buffer.
        const isList = /^(AuthMethod|.*Digest)$/.test(key);
        if ((value.includes(",") && !isList) || value.length > 255)
          throw new Failure(
            `Cannot set parameter ${key}: [Errno 22] Invalid argument`,
          );
        parameters[key] = value;
      },
    };
  }
  if (node.kind === "acl" && name === "attribute") {
    const { attributes } = node.acl;
    return {
      get: (key) => text(attributes[key]),
      set(key, value) {
        const isGood = key === "authentication" ? /^(-1|0|1)$/ : /^\d+$/;
        if (!isGood.test(value))
          throw new Failure(
            `Cannot set attribute ${key}: [Errno 22] Invalid argument`,
          );
        attributes[key] = Number(value);
      },
    };
  }
  if (node.kind === "acl" && name === "auth") {
    const { target, group, acl } = node;
    const place = [world, target.wwn, group.tag, acl.wwn] as const;
    return {
      get: (key) =>
        credentials[key] && credentialOf(...place, credentials[key]),
      set(key, value) {
        if (value === "NULL")
          throw new Failure("'NULL' is not a permitted value");
        if (value.length > 255)
          throw new Failure("Value longer than maximum length of 255");
        const known = credentials[key];
        if (known) setCredential(...place, known, value);
      },
    };
  }
  return undefined;
}

function text(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function notSetting<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Failure(`Not setting ${key}! ${(error as Error).message}`);
  }
}
