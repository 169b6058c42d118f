import type { FileSet } from "../../host/managed-files/converge";
import type { FileInputs } from "../../host/managed-files/model";
import { render } from "./configuration";
import type { Seen } from "./look";
import type { Before, QatDeviceInputs } from "./model";

/** Of the folder that the host keeps about the files. */
export const keyOf = (name: string): string => `qat-${name}`;

export const head = (name: string): string =>
  `# Made by hybrid-site for QatDevice "${name}": an edit here does not last.\n`;

/** The kernel's own words about it. */
export const denylistWarning =
  'vfio-pci is told to let guests have a device on its denylist (disable_denylist=1). The kernel says that this "may lead to exploitable stability or security issues when accessed by untrusted users": by an erratum of this adapter a malformed request of a guest can hang the whole machine';

export const loadFile = (name: string): string =>
  `/etc/modules-load.d/hybrid-site-${name}.conf`;
export const rulesFile = (name: string): string =>
  `/etc/udev/rules.d/70-hybrid-site-${name}.rules`;
const optionsFile = (name: string): string =>
  `/etc/modprobe.d/hybrid-site-${name}.conf`;
export const pathOf = (number: number | undefined): string =>
  `/etc/c6xx_dev${number}.conf`;
/** Of the driver out of the tree, for one endpoint. */
export const configurationFile = /^\/etc\/c6xx_dev\d+\.conf$/;

/** The files of a stack: the driver's load at start, and its configuration. */
export function filesOf(
  inputs: QatDeviceInputs,
  endpoints: readonly Seen[],
  before: Before,
): FileInputs[] {
  const { name, stack, disableDenylist } = inputs;
  const load = {
    path: loadFile(name),
    content: `${head(name)}# ${formatBefore(before)}\nqat_c62x\n`,
  };
  if (stack === "out-of-tree")
    return [
      load,
      ...endpoints.flatMap(({ number }) =>
        number === undefined
          ? []
          : [
              {
                path: pathOf(number),
                content: render(name, inputs),
              },
            ],
      ),
    ];
  if (stack !== "passthrough") return [load];
  return [
    load,
    {
      path: rulesFile(name),
      content: `${head(name)}${endpoints.map(rule).join("")}`,
    },
    ...(disableDenylist
      ? [
          {
            path: optionsFile(name),
            content: `${head(name)}# ${denylistWarning}.\noptions vfio-pci disable_denylist=1\n`,
          },
        ]
      : []),
  ];
}

/** Not for the host's own driver, and as many as the hardware has: it knows no other number. */
function rule({ address, totalVirtualFunctions }: Seen): string {
  return `ACTION=="bind", SUBSYSTEM=="pci", KERNEL=="${address}", DRIVER=="c6xx", ATTR{sriov_drivers_autoprobe}="0", ATTR{sriov_numvfs}="${totalVirtualFunctions}"\n`;
}

/** `had` are paths of ours that the host has already: what goes with them counts, too. */
export function setOf(
  inputs: QatDeviceInputs,
  endpoints: readonly Seen[],
  before: Before,
  had: readonly string[],
): FileSet {
  const { name, owner, adopt } = inputs;
  const files = filesOf(inputs, endpoints, before);
  const paths = [...files.map(({ path }) => path), ...had];
  return {
    key: keyOf(name),
    owner,
    files,
    adopt,
    // vfio-pci may be loaded from there, before the root is.
    reload: paths.includes(optionsFile(name))
      ? ["update-initramfs", "-u"]
      : undefined,
  };
}

function formatBefore({ isLoaded, virtualFunctions }: Before): string {
  return `Before it the module was ${isLoaded ? "" : "not "}loaded, and an endpoint had ${virtualFunctions} virtual functions.`;
}

export function parseBefore(text: string): Before | undefined {
  const [, not, count] =
    /^# Before it the module was (not )?loaded, and an endpoint had (\d+) virtual functions\.$/m.exec(
      text,
    ) ?? [];
  return count === undefined
    ? undefined
    : { isLoaded: not === undefined, virtualFunctions: Number(count) };
}
