export type Params = Record<
  string,
  string | number | boolean | readonly string[] | undefined
>;

/**
 * PVE's form: 0 and 1 for booleans, a list as a repeated key, and everything
 * percent-encoded, because PVE splits on ";" as well as "&" and cuts a value at
 * a bare "=" (pve-http-server AnyEvent.pm, decode_urlencoded).
 */
export function encodeForm(params: Params): string {
  return Object.entries(params)
    .flatMap(([key, value]) => {
      if (value === undefined) return [];
      const values = typeof value === "object" ? value : [value];
      return values.map((item) => `${encode(key)}=${encode(formValue(item))}`);
    })
    .join("&");
}

function formValue(value: string | number | boolean): string {
  return typeof value === "boolean" ? (value ? "1" : "0") : String(value);
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A template for paths: each value becomes one segment. */
export function path(
  strings: TemplateStringsArray,
  ...values: (string | number)[]
): string {
  return String.raw(
    { raw: strings },
    ...values.map((value) => encode(String(value))),
  );
}

/** A path as proxmox-api builds it, in which only "/" inside an id is escaped. */
export function reencodePath(raw: string): string {
  return raw
    .split("/")
    .map((segment) => encode(segment.replaceAll("%2F", "/")))
    .join("/");
}
