import { utils } from "ssh2";

export interface KeyPair {
  private: string;
  public: string;
}

/** ssh2 makes one in two hundred so that it cannot read it again itself. */
export function makeKey(): KeyPair {
  for (;;) {
    const made = utils.generateKeyPairSync("ed25519");
    if (!(utils.parseKey(made.private) instanceof Error))
      return { private: made.private, public: made.public };
  }
}
