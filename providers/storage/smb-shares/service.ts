import type { Place } from "../place";
import { sectionsIn } from "./configuration";
import type { SmbSharesInputs } from "./model";
import { act, isOfNames, listeningOn, nmbd, smbd } from "./server";
import type { Undo } from "./undo";

/** Sockets are opened at smbd's start only. */
export async function serve(
  place: Place,
  { interfaces }: SmbSharesInputs,
  isFiled: boolean,
  undo: Undo,
): Promise<void> {
  const { machine, operation } = place;
  const all = await listeningOn(place);
  const listening = all.filter((socket) => !isOfNames(socket));
  const isBound =
    listening.length === interfaces.length &&
    interfaces.every((address) => listening.includes(address));
  if (!isFiled || !isBound) {
    if (listening.length > 0 && !isBound)
      operation.tell(
        `smbd on host "${machine.name}" is started anew: clients connect again by themselves`,
      );
    undo.service();
    await act(place, ["systemctl", "restart", smbd]);
  }
  if (!(await isEnabled(place, smbd))) {
    undo.enabled();
    await act(place, ["systemctl", "enable", smbd]);
  }
  if (listening.length < all.length) {
    operation.tell(
      `nmbd on host "${machine.name}" is stopped: for the sake of names of NetBIOS it listens on every address`,
    );
    undo.names();
    // It stays enabled: Debian does not start it while "disable netbios" is set.
    await act(place, ["systemctl", "stop", nmbd]);
  }
}

/** Without our settings both open every address of the host at their next start. */
export async function leaveService(
  place: Place,
  text: string,
  shares: number,
): Promise<void> {
  const { machine, operation } = place;
  const others = sectionsIn(text).filter(
    (name) => !/^(global|homes|printers|print\$)$/i.test(name),
  );
  const isUsed = others.length + shares > 0;
  const hasNames = await isEnabled(place, nmbd);
  const units = [smbd, ...(hasNames ? [nmbd] : [])];
  if (!isUsed) await act(place, ["systemctl", "disable", "--now", ...units]);
  const also = hasNames ? ", and so is nmbd" : "";
  operation.tell(
    isUsed
      ? `smbd on host "${machine.name}" has other shares and runs on: from its next start it listens on every address again, and so does nmbd`
      : `smbd on host "${machine.name}" is stopped${also}: it has no more shares, and would listen on every address`,
  );
}

async function isEnabled(
  { machine, signal }: Place,
  unit: string,
): Promise<boolean> {
  const { code } = await machine.run(
    ["systemctl", "is-enabled", "--quiet", unit],
    // 4: there is none.
    { signal, codes: [0, 1, 4], looks: true },
  );
  return code === 0;
}
