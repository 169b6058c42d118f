import type { IncomingMessage } from "node:http";
import { Failure, invalid } from "./failure";
import { listSeparator } from "./parameters";

const largestBody = 512 * 1024;

/** The parameters of a request, as pve-http-server's AnyEvent.pm reads them. */
export async function readParameters(
  request: IncomingMessage,
  query: string,
): Promise<Record<string, string>> {
  const method = request.method ?? "";
  if (request.headers["transfer-encoding"]) {
    throw new Failure(501, "chunked transfer encoding not supported");
  }
  const length = Number(request.headers["content-length"] ?? 0);
  const inUri = decodeForm(query);
  if (method === "GET" || method === "DELETE") {
    if (length > 0)
      throw new Failure(501, `Unexpected content for method '${method}'`);
    return inUri;
  }
  if (length > largestBody) throw new Failure(501, "for data too large");
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString("utf8");
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim();
  const inBody = decodeBody(body, type);
  for (const [key, value] of Object.entries(inUri)) {
    if (inBody[key] !== undefined && inBody[key] !== value) {
      throw invalid(
        key,
        "duplicate parameter (already defined in URI) with conflicting values!",
      );
    }
  }
  return { ...inUri, ...inBody };
}

function decodeBody(
  body: string,
  type: string | undefined,
): Record<string, string> {
  if (!type || type === "application/x-www-form-urlencoded")
    return decodeForm(body);
  if (type !== "application/json")
    throw new Failure(506, `upload: unknown content type '${type}'`);
  const value = JSON.parse(body || "{}") as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [
        key,
        Array.isArray(item)
          ? item.join(listSeparator)
          : typeof item === "boolean"
            ? item
              ? "1"
              : "0"
            : String(item),
      ]),
  );
}

/** Splits on "&" and ";" alike, and cuts a value at a bare "=". */
export function decodeForm(text: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const part of text.split(/[&;]/)) {
    const [key = "", value = ""] = part.split("=");
    if (key === "" || value === "") continue;
    const name = decode(key);
    const known = result[name];
    result[name] =
      known === undefined
        ? decode(value)
        : `${known}${listSeparator}${decode(value)}`;
  }
  return result;
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}
