import { readFileSync } from "node:fs";
import {
  type Document,
  LineCounter,
  parseDocument,
  type YAMLParseError,
} from "yaml";
import type { z } from "zod";
import { crossCheck, crossCheckWhatIsThere } from "./cross-check";
import { manifest, type Site } from "./manifest";
import { formatPath, ManifestError, type Problem } from "./problem";
import { nearest, suggest } from "./suggest";

/** A site, and in which line of its file a place of it stands. */
export interface Located {
  site: Site;
  lineOf(path: readonly PropertyKey[]): number | undefined;
}

/** Throws a `ManifestError` with every problem of the file. */
export function loadSite(file: string): Site {
  return loadLocated(file).site;
}

export function loadLocated(file: string): Located {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const cause = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ManifestError(file, [
      {
        message: `cannot be read (${cause}), check hybrid-site:manifest`,
        path: [],
      },
    ]);
  }
  return locate(text, file);
}

export function parseSite(text: string, file: string): Site {
  return locate(text, file).site;
}

function locate(text: string, file: string): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
  });
  if (document.errors.length > 0) {
    throw new ManifestError(
      file,
      causes(document.errors).map((error) => ({
        message: syntaxProblem(error),
        path: [],
        line: error.linePos?.[0].line,
      })),
    );
  }
  const value: unknown = document.toJS();
  const result = manifest.safeParse(value ?? {}, { reportInput: true });
  const problems = result.success
    ? crossCheck(result.data)
    : malformed(result.error.issues, value);
  if (result.success && problems.length === 0) {
    return {
      site: result.data,
      lineOf: (path) => lineOf(document, lines, path),
    };
  }
  throw new ManifestError(
    file,
    problems
      .map((problem) => ({
        ...problem,
        line: lineOf(document, lines, problem.path),
      }))
      .sort((left, right) => (left.line ?? 0) - (right.line ?? 0)),
  );
}

function syntaxProblem({ code, message }: YAMLParseError): string {
  if (code === "TAB_AS_INDENT")
    return "the line is indented by a tab, which YAML does not take, write spaces";
  return `${message.split("\n")[0]?.replace(/ at line .*$/, "")}, correct the YAML`;
}

/** The first error of syntax, for those after it follow from it; but every tab is one. */
function causes(errors: readonly YAMLParseError[]): YAMLParseError[] {
  const sorted = [...errors].sort((left, right) => left.pos[0] - right.pos[0]);
  const first = sorted.findIndex(({ code }) => code !== "DUPLICATE_KEY");
  return sorted.filter(
    ({ code }, index) =>
      first < 0 || index <= first || code === "TAB_AS_INDENT",
  );
}

function malformed(issues: z.core.$ZodIssue[], value: unknown): Problem[] {
  const problems = issues.flatMap((issue) => describe(issue, value));
  const misspelt = problems.map(({ meant }) => meant);
  const places = new Set(problems.map(({ path }) => formatPath(path)));
  // A name that is wrong where it is given is right where it is used.
  const wrong = issues.flatMap(({ code, input }) =>
    code === "invalid_format" ? [`did you mean "${input}"?`] : [],
  );
  return [
    // A key that is there under a wrong name is not missing as well.
    ...problems.filter(({ path }) => !misspelt.includes(formatPath(path))),
    ...crossCheckWhatIsThere(value).filter(
      ({ path, message }) =>
        !places.has(formatPath(path)) &&
        !wrong.some((hint) => message.includes(hint)),
    ),
  ];
}

function describe(
  issue: z.core.$ZodIssue,
  value: unknown,
): (Problem & { meant?: string })[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(path).filter((key) => !issue.keys.includes(key));
    return issue.keys.map((key) => {
      const meant = nearest(key, known);
      const hint =
        secretOf(key, path, value) ??
        belowHint(key, path, known) ??
        suggest(key, known);
      return {
        message: `"${key}" is no key here${hint}`,
        path: [...path, key],
        meant: meant && formatPath([...path, meant]),
      };
    });
  }
  if (issue.code === "invalid_union") {
    const meant = issue.errors.filter(
      (issues) =>
        !issues.some((item) => item.path.length === 0 && isOfType(item)),
    );
    // A form that the value nearly has, and no other, is the one that is meant.
    const [only = []] = meant.length === 1 ? meant : [];
    if (only.length > 0)
      return only.flatMap((item) =>
        describe({ ...item, path: [...path, ...item.path] }, value),
      );
    if ("options" in issue && Array.isArray(issue.options)) {
      const key = String(path.at(-1));
      const wanted = issue.options.map(String);
      const told = (issue.input as Record<string, unknown>)[key];
      return [
        told === undefined
          ? {
              message: `"${key}" is missing, add it (${wanted.join(" or ")})`,
              path,
            }
          : {
              message: `"${told}" is not allowed${suggest(String(told), wanted)}`,
              path,
            },
      ];
    }
  }
  const key = nameOf(path);
  if (issue.input === undefined && issue.code !== "custom") {
    const wanted =
      issue.code === "invalid_value"
        ? issue.values.join(" or ")
        : issue.code === "invalid_type"
          ? issue.expected
          : "a value";
    return [{ message: `"${key}" is missing, add it (${wanted})`, path }];
  }
  if (issue.code === "invalid_value") {
    const wanted = issue.values.map(String);
    const hint = suggest(String(issue.input), wanted);
    return [{ message: `"${issue.input}" is not allowed${hint}`, path }];
  }
  if (issue.code === "invalid_type") {
    const told = JSON.stringify(issue.input);
    return [
      {
        message: `${told} is no ${issue.expected}, write one for "${key}"`,
        path,
      },
    ];
  }
  if (issue.code === "too_big" || issue.code === "too_small") {
    const [how, limit] =
      issue.code === "too_big"
        ? ["too large, write at most", issue.maximum]
        : ["too small, write at least", issue.minimum];
    const told = JSON.stringify(issue.input);
    return [{ message: `${told} is ${how} ${limit} for "${key}"`, path }];
  }
  if (issue.code === "invalid_format" && issue.message.startsWith("must be ")) {
    const { input, message } = issue;
    const lower = String(input).toLowerCase();
    const isLowerRight =
      lower !== input && issue.pattern && patternOf(issue.pattern).test(lower);
    return [
      {
        message: isLowerRight
          ? `"${input}" has capital letters, write "${lower}"`
          : `"${input}" ${message}, correct the value`,
        path,
      },
    ];
  }
  return [{ message: `${issue.message}, correct the value`, path }];
}

/** Of a pattern as zod tells it, "/^[a-z]+$/i". */
function patternOf(text: string): RegExp {
  const end = text.lastIndexOf("/");
  return new RegExp(text.slice(1, end), text.slice(end + 1));
}

function isOfType({ code }: z.core.$ZodIssue): boolean {
  return code !== "unrecognized_keys";
}

/** "ports[0]" for what has no name of its own. */
function nameOf(path: readonly PropertyKey[]): string {
  const from = path.findLastIndex((key) => typeof key === "string");
  return formatPath(path.slice(Math.max(from, 0))) || "the manifest";
}

/** Where the secret goes that somebody looks for a place for. */
function secretOf(
  key: string,
  path: readonly PropertyKey[],
  value: unknown,
): string | undefined {
  const { wan, router } = value as {
    wan?: {
      lines?: Record<PropertyKey, { name?: unknown; protocol?: unknown }>;
    };
    router?: { guest?: unknown };
  };
  const [area, list, index = ""] = path;
  const line = wan?.lines?.[index];
  if (area !== "wan" || list !== "lines" || key !== "password")
    return undefined;
  if (line?.protocol !== "pppoe") return undefined;
  const place = `hybrid-site:credentials.${router?.guest ?? "ROUTER"}.openwrt.pppoe.${line.name ?? "LINE"}`;
  return `, it is a secret of the stack: drop it here, and pulumi config set --secret --path ${place}`;
}

/** Where a key goes that has another depth. */
function belowHint(
  key: string,
  path: readonly PropertyKey[],
  known: readonly string[],
): string | undefined {
  const below = known.find((other) => keysAt([...path, other]).includes(key));
  return below && `, it goes one deeper: ${below}: { ${key}: ... }`;
}

/** The keys that the schema has at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = manifest;
  for (const key of path) {
    const { shape, element } = unwrap(schema);
    schema = typeof key === "number" ? element : shape?.[String(key)];
  }
  const { shape, options = [] } = unwrap(schema);
  const forms = [shape, ...options.map((option) => unwrap(option).shape)];
  return [...new Set(forms.flatMap((form) => Object.keys(form ?? {})))];
}

interface Shape {
  shape?: Record<string, unknown>;
  element?: unknown;
  /** Of a union. */
  options?: unknown[];
  unwrap?: () => unknown;
}

function unwrap(schema: unknown): Shape {
  const candidate = (schema ?? {}) as Shape;
  const wrapped = !candidate.shape && !candidate.element && candidate.unwrap;
  return wrapped ? unwrap(candidate.unwrap?.()) : candidate;
}

/** The line of the value, or of what it would stand in. */
function lineOf(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    const range = (node as { range?: [number, number, number] } | undefined)
      ?.range;
    if (range) return lines.linePos(range[0]).line;
  }
  return undefined;
}
