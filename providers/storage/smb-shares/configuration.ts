import type { SmbSharesInputs } from "./model";

/** Samba's own file: we add to its end, where what is said counts last. */
export const configurationFile = "/etc/samba/smb.conf";

const block = /^# BEGIN hybrid-site owner=(\S+)\n[\s\S]*?^# END hybrid-site\n/m;

/** The text of our part. */
export function renderBlock({
  owner,
  interfaces,
  shares,
}: SmbSharesInputs): string {
  const isOpen = shares.some(({ guests }) => guests !== undefined);
  return `# BEGIN hybrid-site owner=${owner}
[global]
	registry shares = yes
	interfaces = 127.0.0.1 ${interfaces.join(" ")}
	bind interfaces only = yes
	smb ports = 445
	disable netbios = yes
${isOpen ? "\tmap to guest = Bad User\n" : ""}# END hybrid-site
`;
}

export interface Block {
  owner: string;
  text: string;
}

export function blockOf(text: string): Block | undefined {
  const [whole, owner] = block.exec(text) ?? [];
  return whole && owner ? { owner, text: whole } : undefined;
}

export function withoutBlock(text: string): string {
  return text.replace(block, "");
}

/** At the end: what stood behind an earlier one comes before it. */
export function withBlock(text: string, own: string): string {
  const rest = withoutBlock(text);
  return `${rest}${rest === "" || rest.endsWith("\n") ? "" : "\n"}${own}`;
}

/** Whether ours is the last word. */
export function isLast(text: string): boolean {
  const { text: own } = blockOf(text) ?? {};
  return own !== undefined && text.endsWith(own);
}

/** Names of the shares that stand in the file itself. */
export function sectionsIn(text: string): string[] {
  return [...text.matchAll(/^\s*\[([^\]]+)\]/gm)].map(([, name = ""]) => name);
}

/** What testparm finds fault with; its exit code is 0 for most of it. */
export function complaintsOf(stderr: string): string[] {
  return stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !usual.some((form) => form.test(line)));
}

const usual = [
  /^Load smb config files from /,
  /^Loaded services file OK\.$/,
  /^Weak crypto is (allowed|disallowed) by GnuTLS/,
  /^Server role: /,
  // Said once more in other words.
  /^Unknown parameter encountered: /,
];
