import type { QatDeviceInputs } from "./model";

const cannot =
  'qatlib, and with it Debian\'s qatengine, cannot drive an 8970 (C62x): they know 4xxx and later only, and "[ available ]" of "openssl engine -t qatengine" is said without any hardware too. ZFS uses it only when it was built with Intel\'s driver, and for gzip, SHA256 and AES-GCM only; dm-crypt never asks for it.';

/** What can use the adapter as it is, in plain words. */
export const statements: Record<QatDeviceInputs["stack"], string> = {
  "in-tree": `What can use it: the kernel's own users that ask for an algorithm by name and get the adapter's by its priority, IPsec above all. ${cannot} For TLS take Intel's driver out of the tree (QAT.L.4.x for hardware 1.x), with QAT_Engine built against it.`,
  "out-of-tree": `What can use it: programs that were built against Intel's own driver, like QAT_Engine for OpenSSL, with instances of their section; the kernel's users with instances of the kernel. ${cannot}`,
  passthrough: `What can use it: guests with a virtual function and a driver of their own (qat_c62xvf of the kernel, DPDK, Intel's). The host has no instances left. ${cannot}`,
  none: `Nothing uses it as it is. ${cannot}`,
};
