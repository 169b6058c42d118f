/** The CPU types that QEMU 10.1 has on x86_64, with those that PVE adds (CPUConfig.pm). */
const families: Record<string, string[]> = {
  "": [
    "486",
    "pentium",
    "pentium2",
    "pentium3",
    "coreduo",
    "core2duo",
    "Conroe",
    "Penryn",
    "KnightsMill",
    "athlon",
    "phenom",
    "host",
    "kvm32",
    "kvm64",
    "qemu32",
    "qemu64",
    "max",
    "x86-64-v2",
    "x86-64-v2-AES",
    "x86-64-v3",
    "x86-64-v4",
  ],
  Nehalem: ["", "-IBRS"],
  Westmere: ["", "-IBRS"],
  SandyBridge: ["", "-IBRS"],
  IvyBridge: ["", "-IBRS"],
  Haswell: ["", "-IBRS", "-noTSX", "-noTSX-IBRS"],
  Broadwell: ["", "-IBRS", "-noTSX", "-noTSX-IBRS"],
  "Skylake-Client": ["", "-IBRS", "-noTSX-IBRS", "-v4"],
  "Skylake-Server": ["", "-IBRS", "-noTSX-IBRS", "-v4", "-v5"],
  "Cascadelake-Server": ["", "-noTSX", "-v2", "-v4", "-v5"],
  Cooperlake: ["", "-v2"],
  "Icelake-Client": ["", "-noTSX"],
  "Icelake-Server": ["", "-noTSX", "-v3", "-v4", "-v5", "-v6", "-v7"],
  SapphireRapids: ["", "-v2", "-v3", "-v4"],
  GraniteRapids: ["", "-v2", "-v3"],
  SierraForest: ["", "-v2", "-v3"],
  ClearwaterForest: [""],
  Opteron_G: ["1", "2", "3", "4", "5"],
  EPYC: ["", "-IBPB", "-v3", "-v4", "-v5"],
  "EPYC-Rome": ["", "-v2", "-v3", "-v4", "-v5"],
  "EPYC-Milan": ["", "-v2", "-v3"],
  "EPYC-Genoa": ["", "-v2"],
  "EPYC-Turin": [""],
};

export const cpuModels = new Set(
  Object.entries(families).flatMap(([family, ends]) =>
    ends.map((end) => `${family}${end}`),
  ),
);

/** The flags that a guest's own configuration may set. */
export const cpuFlags =
  "nested-virt md-clear pcid spec-ctrl ssbd ibpb virt-ssbd amd-ssbd amd-no-ssb pdpe1gb hv-tlbflush hv-evmcs aes".split(
    " ",
  );
