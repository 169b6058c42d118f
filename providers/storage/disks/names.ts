/** World Wide Names of 8 or 16 bytes, as udev and multipath write them. */
const byId = /^\/dev\/disk\/by-id\/wwn-0x([0-9a-f]{16}(?:[0-9a-f]{16})?)$/;
const mapper = /^\/dev\/mapper\/3([0-9a-f]{16}(?:[0-9a-f]{16})?)$/;

/** The WWN that a disk's name says, without "0x"; undefined: another name. */
export function wwnOf(path: string): string | undefined {
  return (byId.exec(path) ?? mapper.exec(path))?.[1];
}

export function isMap(path: string): boolean {
  return mapper.test(path);
}

export function mapOf(wwn: string): string {
  return `/dev/mapper/3${wwn}`;
}

/** The only names that mean the same disk after the next boot. */
export const diskNames =
  'must be a whole disk by its WWN: "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4", or "/dev/mapper/35000c500a1b2c3d4" where multipath holds it; names like /dev/sdb change between boots ("ls -l /dev/disk/by-id" and "multipath -ll" on the host show what to write)';
