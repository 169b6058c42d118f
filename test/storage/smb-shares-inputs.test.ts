import {
  docs,
  passwords,
  type SmbHost,
  smbHost,
  smbInputs,
} from "../support/smb";

jest.setTimeout(60_000);

let host: SmbHost;
beforeAll(async () => {
  host = await smbHost();
});
afterAll(() => host.stop());

type Values = Record<string, unknown>;

test.each<[string, Values, RegExp]>([
  ["everybody's addresses", { clients: ["0.0.0.0/0"] }, /wider than \/8/],
  ["no address", { clients: [] }, /Samba would let everybody in/],
  [
    "a name for an address",
    { clients: ["pc.example.net"] },
    /must be an address/,
  ],
  ["nobody", { readers: [], writers: [] }, /names nobody/],
  [
    "a reader without an account",
    { readers: ["boss"] },
    /none of the accounts/,
  ],
  ["an account twice", { readers: ["office"] }, /office is named twice/],
  ["readers beside guests", { guests: "ro" }, /everybody reads/],
  ["writers beside guests", { guests: "rw", readers: [] }, /everybody writes/],
  ["Samba's own section", { name: "Global" }, /Samba's own sections/],
  ["a name with a slash", { name: "a/b" }, /must be letters/],
  ["a relative path", { path: "tank" }, /absolute path/],
  ["a space", { path: "/tank/a b" }, /absolute path/],
  ["a mount beside", { mountpoint: "/tank/do" }, /lie above/],
  ["a variable in the comment", { comment: "for %U" }, /plain characters/],
  ["a space behind the comment", { comment: "x " }, /begin or end/],
  [
    "a group with a space",
    { directory: { owner: "root", group: "a b", mode: "2770" } },
    /chown/,
  ],
  [
    "a mode of words",
    { directory: { owner: "root", group: "users", mode: "g+w" } },
    /four digits/,
  ],
  ["an unknown key", { public: true }, /Unrecognized/],
])("%s is refused at preview", async (_what, change, reason) => {
  const news = smbInputs({ shares: [docs(change)] });
  const { failures = [] } = await host.provider.check({}, news);
  expect(failures.map((failure) => failure.reason).join()).toMatch(reason);
});

test.each<[string, Values, RegExp]>([
  ["no share", { shares: [] }, /must not be empty/],
  [
    "two that differ in case only",
    { shares: [docs(), docs({ name: "DOCS" })] },
    /knows no case/,
  ],
  ["no interface", { interfaces: [] }, /must not be empty/],
  ["every interface", { interfaces: ["0.0.0.0"] }, /every one that/],
  ["every interface in other words", { interfaces: ["0::0"] }, /every one/],
  ["an address that ss writes otherwise", { interfaces: ["FD00::A"] }, /fd00/],
  ["an interface's name", { interfaces: ["eth0"] }, /must be an address/],
  ["root", { accounts: ["root"] }, /neither root/],
  ["a name in capitals", { accounts: ["Office"] }, /lower case/],
  [
    "an account without a password",
    { passwords: { office: "x".repeat(8) } },
    /for account scanner/,
  ],
  [
    "a short password",
    { passwords: { ...passwords, office: "short" } },
    /8 to 127 bytes/,
  ],
  [
    "two lines",
    { passwords: { ...passwords, office: "one\nmore lines" } },
    /control characters/,
  ],
  [
    "a password of nobody",
    { passwords: { ...passwords, boss: "x".repeat(8) } },
    /of no account/,
  ],
])(
  "%s: refused at preview, without a password in the reason",
  async (_what, change, reason) => {
    const news = smbInputs(change);
    const { failures = [] } = await host.provider.check({}, news);
    const said = failures.map((failure) => failure.reason).join();
    expect(said).toMatch(reason);
    expect(said).not.toMatch(/short\b|more lines|xxxxxxxx/);
  },
);
