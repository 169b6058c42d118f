import { Failure } from "./line";

/** As rtslib writes it: in lower case. */
export function normalWwn(text: string): string {
  const wwn = text.trim().toLowerCase();
  const isIqn = /^iqn\.\d{4}-[01]\d\..*\..*/.test(wwn) && !/[ _]/.test(wwn);
  const isOther =
    /^naa\.[125][0-9a-f]{15}$/.test(wwn) || /^eui\.[0-9a-f]{16}$/.test(wwn);
  if (!isIqn && !isOther) throw new Failure("WWN not valid as: iqn, naa, eui");
  return wwn;
}
