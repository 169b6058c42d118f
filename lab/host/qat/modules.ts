import { gnu } from "../coreutils/gnu";
import type { Tool } from "../tool";
import { firmware, loadModule, presentIn, stop } from "./driver";
import { show } from "./show";
import { factsIn, loadQat, type Package, saveQat } from "./state";

const known = ["qat_c62x", "qat_c62xvf", "intel_qat", "vfio_pci"];
const alike = (name = "") => name.replaceAll("-", "_");

const place = (kernel: string, stack: Package, name: string) => {
  if (name === "vfio_pci")
    return `/lib/modules/${kernel}/kernel/drivers/vfio/pci/vfio-pci.ko.zst`;
  return stack === "in-tree"
    ? `/lib/modules/${kernel}/kernel/drivers/crypto/intel/qat/${name}/${name}.ko.zst`
    : `/lib/modules/${kernel}/updates/drivers/crypto/qat/${name}/${name}.ko`;
};

/** The modules that a machine is without. */
export const missingModules = "qat-missing-modules";

export const modinfo: Tool = (call) => {
  const parsed = gnu(call, "modinfo", {
    field: { type: "string", short: "F" },
  });
  if (parsed === undefined) return 1;
  const { names: missing = [] } = call.world.load<{ names?: string[] }>(
    missingModules,
    {},
  );
  let code = 0;
  for (const operand of parsed.operands) {
    const name = alike(operand);
    if (!known.includes(name) || missing.includes(name)) {
      call.stderr.write(`modinfo: ERROR: Module ${operand} not found.\n`);
      code = 1;
      continue;
    }
    const { package: stack } = loadQat(call.world);
    const fields: [string, string][] = [
      ["filename", place(factsIn(call.world).kernel ?? "", stack, name)],
      ...(name === "qat_c62x"
        ? [...firmware].map((file): [string, string] => ["firmware", file])
        : []),
      ...(name === "vfio_pci"
        ? []
        : [
            ["version", stack === "in-tree" ? "0.6.0" : "4.27.0"] as [
              string,
              string,
            ],
          ]),
    ];
    const { field } = parsed.flags;
    for (const [key, value] of fields)
      if (field === undefined)
        call.stdout.write(`${`${key}:`.padEnd(16)}${value}\n`);
      else if (key === field) call.stdout.write(`${value}\n`);
  }
  return code;
};

export const modprobe: Tool = (call) => {
  const parsed = gnu(call, "modprobe", {
    remove: { type: "boolean", short: "r" },
  });
  if (parsed === undefined) return 1;
  const state = loadQat(call.world);
  const { names: missing = [] } = call.world.load<{ names?: string[] }>(
    missingModules,
    {},
  );
  const [operand = ""] = parsed.operands;
  const name = alike(operand);
  const fail = (text: string) => {
    call.stderr.write(`modprobe: FATAL: ${text}\n`);
    return 1;
  };
  if (call.user !== "root") {
    call.stderr.write(
      `modprobe: ERROR: could not insert '${name}': Operation not permitted\n`,
    );
    return 1;
  }
  if (!known.includes(name) || missing.includes(name))
    return fail(
      `Module ${operand} not found in directory /lib/modules/${factsIn(call.world).kernel}`,
    );
  if (parsed.flags.remove) {
    if (name in state.modules) {
      const isUsed = Object.values(state.endpoints).some(
        ({ users, guests }) =>
          (name === "qat_c62x" && users > 0) ||
          (name === "vfio_pci" && guests > 0),
      );
      if (isUsed) return fail(`Module ${name} is in use.`);
      if (name === "qat_c62x")
        for (const address of presentIn(state)) {
          stop(state, address);
          Object.assign(state.endpoints[address] ?? {}, {
            virtualFunctions: 0,
            guests: 0,
          });
        }
      delete state.modules[name];
    }
  } else loadModule(call.world, state, name);
  saveQat(call.world, state);
  show(call.world);
  return 0;
};
