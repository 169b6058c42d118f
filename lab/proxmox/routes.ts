import { accessRoutes } from "./access-routes";
import { agentRoutes } from "./agent-routes";
import type { Route } from "./call";
import { clusterRoutes } from "./cluster-routes";
import { Failure } from "./failure";
import { guestRoutes } from "./guest-routes";
import { haRoutes } from "./ha-routes";
import { hardwareRoutes } from "./hardware-routes";
import { mappingRoutes } from "./mapping-routes";
import { migrateRoutes } from "./migrate-routes";
import { networkRoutes } from "./network-routes";
import { nodeOptionRoutes } from "./node-option-routes";
import { poolRoutes } from "./pool-routes";
import { powerRoutes } from "./power-routes";
import { storageDefinitionRoutes } from "./storage-definition-routes";
import { storageRoutes } from "./storage-routes";
import { taskRoutes } from "./task-routes";
import { userRoutes } from "./user-routes";
import { volumeRoutes } from "./volume-routes";

const nodePrefix = "/nodes/{node}";

/** By method and number of parts; one whose last place takes slashes has no number. */
const table = new Map<string, { route: Route; pattern: RegExp }[]>();
for (const route of [
  ...accessRoutes,
  ...agentRoutes,
  ...clusterRoutes,
  ...guestRoutes,
  ...haRoutes,
  ...hardwareRoutes,
  ...mappingRoutes,
  ...migrateRoutes,
  ...networkRoutes,
  ...nodeOptionRoutes,
  ...poolRoutes,
  ...powerRoutes,
  ...storageDefinitionRoutes,
  ...storageRoutes,
  ...taskRoutes,
  ...userRoutes,
  ...volumeRoutes,
]) {
  const takesSlashes = /\{volume\}$/.test(route.path);
  const pattern = new RegExp(
    `^${route.path
      .replace(/\{volume\}$/, "(.+)")
      .replace(/\{[\w-]+\}/g, "([^/]+)")}$`,
  );
  const key = `${route.method} ${takesSlashes ? "" : partsOf(route.path)}`;
  table.set(key, [...(table.get(key) ?? []), { route, pattern }]);
}

export interface Found {
  route: Route;
  places: string[];
  nodeName?: string;
}

export function findRoute(method: string, path: string): Found {
  // Slashes at the end, and double ones, count for nothing.
  const clean = path.replace(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
  for (const parts of [partsOf(clean), ""]) {
    for (const { route, pattern } of table.get(`${method} ${parts}`) ?? []) {
      const match = pattern.exec(clean);
      if (match === null) continue;
      const places = match.slice(1);
      const nodeName = route.path.startsWith(nodePrefix)
        ? places.shift()
        : undefined;
      return { route, places, nodeName };
    }
  }
  throw new Failure(501, `Method '${method} ${path}' not implemented`);
}

function partsOf(path: string): number {
  return path.split("/").length;
}
