import { existsSync } from "node:fs";
import type { Tool } from "../tool";
import type { HostWorld } from "../world";
import { tools as accounts } from "./accounts";
import { configurationFile } from "./effective";
import { net } from "./net";
import { tools as service } from "./service";
import { testparm } from "./testparm";
import { tools as users } from "./users";

export {
  access,
  closedShares,
  hasNames,
  setAddresses,
  startNames,
  startServer,
  stopNames,
  stopServer,
} from "./service";

export const tools: Record<string, Tool> = {
  ...accounts,
  ...service,
  ...users,
  net,
  testparm,
};

/** The begin of what Debian's package puts there, with a share of the administrator's. */
const shipped = `[global]
   workgroup = WORKGROUP
   log file = /var/log/samba/log.%m
   max log size = 1000
   server role = standalone server
   map to guest = bad user
   usershare allow guests = yes

[print$]
   comment = Printer Drivers
   path = /var/lib/samba/printers
   browseable = yes
   read only = yes
   guest ok = no
`;

/** Of samba-common-bin. */
const tool = "/usr/bin/net";

/** As Debian's package leaves a machine. */
export function installSamba(world: HostWorld): void {
  if (existsSync(world.path(configurationFile))) return;
  world.put(configurationFile, shipped);
  world.put(tool, "");
}
