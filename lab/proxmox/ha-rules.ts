import { createHash } from "node:crypto";
import { type Call, type Route, requirePrivilege } from "./call";
import { die } from "./failure";
import { boolean, matching, oneOf, string } from "./parameters";
import type { Rule } from "./world";

const rules = "/cluster/ha/rules";
const one = `${rules}/{rule}`;

const audit = (call: Call) => requirePrivilege(call, "/", "Sys.Audit");
const manage = (call: Call) => requirePrivilege(call, "/", "Sys.Console");

const types = oneOf("node-affinity", "resource-affinity");
const properties = {
  resources: string,
  nodes: string,
  strict: boolean,
  affinity: oneOf("positive", "negative"),
  comment: string,
  disable: boolean,
};

function ruleOf(call: Call): Rule {
  const rule = call.world.rules.get(`${call.cluster}/${call.places[0]}`);
  if (rule === undefined) throw die(`no such ha rule '${call.places[0]}'`);
  return rule;
}

function digest(call: Call): string {
  const all = [...call.world.rules.values()].filter(
    ({ cluster }) => cluster === call.cluster,
  );
  return createHash("sha1").update(JSON.stringify(all)).digest("hex");
}

function shown(call: Call, { cluster: _cluster, ...rule }: Rule) {
  return { ...rule, digest: digest(call) };
}

/** What the rule's type needs, and what only the other one has. */
function checked(call: Call, rule: Rule): Rule {
  const [needed, foreign] =
    rule.type === "node-affinity"
      ? (["nodes", "affinity"] as const)
      : (["affinity", "nodes"] as const);
  if (rule[foreign] !== undefined)
    throw die(`unexpected property '${foreign}'`);
  if (rule[needed] === undefined)
    throw die(`missing value for required option '${needed}'`);
  for (const sid of rule.resources.split(",")) {
    if (!call.world.services.has(`${call.cluster}/${sid}`))
      throw die(`cannot use unmanaged resource(s) ${sid}.`);
  }
  for (const node of (rule.nodes ?? "").split(",").filter(Boolean)) {
    const name = node.split(":")[0] ?? "";
    if (call.world.nodes.get(name)?.cluster !== call.cluster)
      throw die(`cannot use nonexistent node '${name}'`);
  }
  return rule;
}

function withParameters(rule: Rule, params: Record<string, string>): Rule {
  const { resources, nodes, affinity, comment, strict, disable } = params;
  return {
    ...rule,
    ...(resources ? { resources } : {}),
    ...(nodes ? { nodes } : {}),
    ...(affinity ? { affinity } : {}),
    ...(comment ? { comment } : {}),
    ...(strict ? { strict: strict === "1" ? 1 : 0 } : {}),
    ...(disable ? { disable: disable === "1" ? 1 : 0 } : {}),
  };
}

export const ruleRoutes: Route[] = [
  {
    method: "GET",
    path: rules,
    allow: audit,
    schema: { optional: { type: types, resource: string } },
    handle: (call) => {
      const { type, resource } = call.params;
      return [...call.world.rules.values()]
        .filter(
          (rule) =>
            rule.cluster === call.cluster &&
            (type === undefined || rule.type === type) &&
            (resource === undefined ||
              rule.resources.split(",").includes(resource)),
        )
        .map((rule) => shown(call, rule));
    },
  },
  {
    method: "POST",
    path: rules,
    allow: manage,
    schema: {
      required: {
        rule: matching(/^[A-Za-z][\w-]+$/, "configuration ID"),
        type: types,
        resources: string,
      },
      optional: properties,
    },
    handle: (call) => {
      const { rule = "", type, resources = "" } = call.params;
      if (call.world.rules.has(`${call.cluster}/${rule}`))
        throw die(`HA rule '${rule}' already defined`);
      const empty: Rule = {
        cluster: call.cluster,
        rule,
        type: type as Rule["type"],
        resources,
      };
      const made = checked(call, withParameters(empty, call.params));
      call.world.save("rules", made);
    },
  },
  {
    method: "GET",
    path: one,
    allow: audit,
    handle: (call) => shown(call, ruleOf(call)),
  },
  {
    method: "PUT",
    path: one,
    allow: manage,
    schema: {
      required: { type: types },
      optional: { ...properties, delete: string, digest: string },
    },
    handle: (call) => {
      const rule = ruleOf(call);
      if (call.params.digest && call.params.digest !== digest(call))
        throw die(
          "detected modified configuration - file changed by other user? Try again.",
        );
      const kept = { ...rule };
      for (const key of (call.params.delete ?? "").split(/[,; ]+/)) {
        if (!key) continue;
        if (!/^(comment|disable|strict)$/.test(key))
          throw die(`unable to delete required option '${key}'`);
        delete kept[key as "comment"];
      }
      call.world.save(
        "rules",
        checked(call, withParameters(kept, call.params)),
      );
    },
  },
  {
    method: "DELETE",
    path: one,
    allow: manage,
    handle: (call) => call.world.remove("rules", ruleOf(call)),
  },
];
