import type { Call } from "./call";
import { nodeStates } from "./status";

/** The manager and its workers, and what they make of each service. */
export function haStatus(call: Call): unknown[] {
  const { world, cluster, contacted } = call;
  const services = [...world.services.values()].filter(
    (service) => service.cluster === cluster,
  );
  const now = Math.floor(Date.now() / 1000);
  const at = new Date(now * 1000).toUTCString();
  const nodes = nodeStates(call);
  const master = nodes.find(({ online }) => online)?.name ?? contacted.name;
  return [
    {
      id: "quorum",
      type: "quorum",
      node: contacted.name,
      status: "OK",
      quorate: 1,
    },
    {
      id: "master",
      type: "master",
      node: master,
      status: `${master} (${services.length > 0 ? "active" : "idle"}, ${at})`,
      timestamp: now,
    },
    ...nodes.map(({ name, online }) => ({
      id: `lrm:${name}`,
      type: "lrm",
      node: name,
      status: `${name} (${online ? (services.length > 0 ? "active" : "idle") : "old timestamp - dead?"}, ${at})`,
      timestamp: now,
    })),
    ...services.map((service) => {
      const { sid, vmid, manager, ...config } = service;
      const node = world.guest(cluster, vmid)?.node;
      const state = manager.state ?? "queued";
      const { cluster: _cluster, state: requested, ...rest } = config;
      return {
        id: `service:${sid}`,
        type: "service",
        sid,
        node,
        state: config.state === "ignored" ? "ignored" : state,
        ...(manager.state ? { crm_state: manager.state } : {}),
        request_state: requested,
        status: `${sid} (${node}, ${state})`,
        max_restart: 1,
        max_relocate: 1,
        ...rest,
      };
    }),
  ];
}
