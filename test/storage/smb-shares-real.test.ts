import {
  complaintsOf,
  renderBlock,
} from "../../providers/storage/smb-shares/configuration";
import type { SmbSharesInputs } from "../../providers/storage/smb-shares/model";
import {
  isSame,
  parametersOf,
  parseSections,
  renderSection,
  type Section,
  shareOf,
} from "../../providers/storage/smb-shares/registry";
import { sharesOf } from "../../site/storage";
import { load } from "../support/dev-site";
import { realTools } from "../support/samba-tools";
import { openToGuests } from "../support/share-violations";
import { testWith } from "../support/tool";

jest.setTimeout(60_000);

const shipped = "[global]\n   workgroup = WORKGROUP\n   map to guest = never\n";

function made(isOpen: boolean): {
  inputs: SmbSharesInputs;
  sections: Section[];
} {
  const site = load();
  if (isOpen) openToGuests(site, "rw");
  const [plan] = sharesOf(site);
  if (plan === undefined) throw new Error("no shares");
  const owner = "7b1f6a52-52f0-4c0e-9f0a-3d2f0a9c6e11/SmbShares/router-server";
  const inputs = { ...plan, owner, name: plan.host, passwords: {} };
  const sections = plan.shares.map((share) => ({
    name: share.name,
    parameters: parametersOf(share, owner, false),
  }));
  return { inputs, sections };
}

describe.each([false, true])("open to guests: %s", (isOpen) => {
  const { inputs, sections } = made(isOpen);

  testWith("testparm", "--version")(
    "Samba's testparm finds no fault with what is made of the dev site",
    async () => {
      const real = realTools();
      try {
        const text = `${shipped}${renderBlock(inputs)}${sections.map(renderSection).join("")}`;
        real.put("candidate", text);
        const words = ["testparm", "-s", "/etc/samba/candidate"];
        const { code, stderr, stdout } = await real.run(words);
        expect([code, complaintsOf(stderr)]).toEqual([0, []]);
        for (const line of [
          "interfaces = 127.0.0.1 10.10.20.10",
          "bind interfaces only = Yes",
          "registry shares = Yes",
          "hosts allow = 10.10.30.0/24",
          ...(isOpen
            ? ["map to guest = Bad User", "guest ok = Yes", "read only = No"]
            : ["valid users = office scanner", "write list = office"]),
        ])
          expect(stdout).toContain(`\t${line}\n`);
        real.put("candidate", `${text}\tguest okay = yes\n`);
        const wrong = await real.run(words);
        expect([wrong.code, complaintsOf(wrong.stderr)]).toEqual([
          0,
          ['Ignoring unknown parameter "guest okay"'],
        ]);
      } finally {
        real.stop();
      }
    },
  );

  testWith("testparm", "--version")(
    "what smb.conf says for all shares gives nobody more of ours, by Samba's own word",
    async () => {
      const real = realTools();
      const wide = [
        ["admin users", "office"],
        ["force user", "root"],
        ["force group", "root"],
        ["write list", "scanner"],
        ["read list", "office"],
        ["guest ok", "Yes"],
        ["guest only", "Yes"],
        ["hosts deny", "192.0.2.1"],
        ["wide links", "Yes"],
        ["read only", "No"],
      ] as const;
      try {
        const [own] = sections as [Section];
        const global = wide.map(([key, value]) => `\t${key} = ${value}\n`);
        const text = `${shipped}${global.join("")}${renderBlock(inputs)}[other]\n\tpath = /srv\n${renderSection(own)}`;
        real.put("candidate", text);
        const shown = async (section: string, key: string) => {
          const { stdout } = await real.run([
            "testparm",
            "-s",
            `--section-name=${section}`,
            `--parameter-name=${key}`,
            "/etc/samba/candidate",
          ]);
          return stdout.trim().toLowerCase();
        };
        for (const [key, value] of wide) {
          expect(await shown("other", key)).toBe(value.toLowerCase());
          expect([key, await shown(own.name, key)]).toEqual([
            key,
            own.parameters.get(key),
          ]);
        }
      } finally {
        real.stop();
      }
    },
  );

  testWith("net", "--version")(
    "Samba's registry gives back what it was given, and reading makes the same share of it",
    async () => {
      const real = realTools();
      try {
        real.put("candidate", sections.map(renderSection).join(""));
        const [wanted] = sections as [Section];
        const line = ["net", "conf", "import", "/etc/samba/candidate"];
        expect((await real.run([...line, wanted.name])).code).toBe(0);
        const { stdout } = await real.run(["net", "conf", "list"]);
        const [found] = parseSections(stdout) as [Section];
        expect(isSame(found, wanted)).toBe(true);
        const [share] = inputs.shares;
        expect(shareOf(found, share)).toEqual(share);
      } finally {
        real.stop();
      }
    },
  );
});
