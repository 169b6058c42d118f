import { spawnSync } from "node:child_process";
import { deriveRouter, isRouted, loadSite, type RoutedSite } from "../../site";
import { nftables } from "../support/nftables";
import { testWith } from "../support/tool";

const load = (): RoutedSite => {
  const site = loadSite("environments/dev.yaml");
  if (!isRouted(site)) throw new Error("the dev site has no router");
  return site;
};

// Who is not root asks in a namespace of his own.
const [tool = "", ...words] =
  process.getuid?.() === 0 ? ["nft"] : ["unshare", "-rn", "nft"];
const testNft = testWith(tool, ...words, "list", "tables");

/** What `nft -c` says against rules; it loads nothing. */
function refusal(rules: string): string {
  const { error, status, stderr } = spawnSync(
    tool,
    [...words, "-c", "-f", "-"],
    { input: rules, encoding: "utf8" },
  );
  return error ? String(error) : status === 0 ? "" : stderr;
}

const cases: [string, (site: RoutedSite) => void][] = [
  ["the dev site's", () => undefined],
  [
    "that of a site with IPv6",
    ({ wan }) => {
      wan.ipv6 = {
        ula: "fd12:3456:789a::/48",
        translate: "masq6",
        targets: ["2606:4700:4700::1111"],
      };
    },
  ],
  [
    "that of a PPPoE line",
    ({ wan }) => {
      const [first] = wan.lines;
      if (first)
        wan.lines[0] = { ...first, protocol: "pppoe", username: "user" };
    },
  ],
  [
    "that of 60 allowances with the longest reasons",
    ({ networks }) => {
      const ci = networks.find(({ name }) => name === "ci");
      if (ci)
        ci.allow = Array.from({ length: 60 }, (_, index) => ({
          to: index % 2 ? "storage" : "internet",
          protocol: "tcp" as const,
          ports: [1_000 + index, `${20_000 + index}-${40_000 + index}`],
          reason: "x".repeat(80),
        }));
    },
  ],
];

testNft.each(cases)(
  "the firewall, %s, is one that nftables takes",
  (_what, change) => {
    const site = load();
    change(site);
    expect(refusal(nftables(deriveRouter(site)))).toBe("");
  },
);

testNft.each<[string, (text: string) => string, RegExp]>([
  [
    "a port that is none",
    (text) => text.replace("tcp dport { 22, 443 }", "tcp dport { 22, 99443 }"),
    /out of range/,
  ],
  [
    "a zone that is not there",
    (text) => text.replace("jump forward_ci", "jump forward_cii"),
    /No such file or directory/,
  ],
  [
    "a reason longer than the kernel keeps",
    (text) => text.replace("Deployments", "x".repeat(130)),
    /too long/i,
  ],
])("nftables refuses %s", (_what, bend, cause) => {
  const text = nftables(deriveRouter(load()));
  const bent = bend(text);
  expect(bent).not.toBe(text);
  expect(refusal(bent)).toMatch(cause);
});
