import { isRouted } from "../uci";
import type { Rule } from "./finding";

/** Ethernet's, which a NIC without one has. */
const usual = 1_500;

export const pathMtu: Rule = {
  id: "path-mtu",
  severity: "error",
  title: "A network that the router serves has one MTU",
  fact: "A frame that is larger than the receiver's MTU is dropped without an answer: in one VLAN nobody tells the sender, as a router would (RFC 1191).",
  check: (site) => {
    if (!isRouted(site)) return [];
    const { guests, networks, router } = site;
    const trunk = guests
      .find(({ name }) => name === router.guest)
      ?.nics.find((nic) => nic.trunk)?.mtu;
    const routed = new Set(
      networks.flatMap(({ name, gateway }) => (gateway ? [name] : [])),
    );
    return guests.flatMap((guest, index) =>
      guest.nics.flatMap(({ network, mtu = usual }, at) =>
        network === undefined ||
        !routed.has(network) ||
        mtu === (trunk ?? usual)
          ? []
          : [
              {
                message: `guest "${guest.name}" has MTU ${mtu} in network "${network}", and the router ${trunk ?? usual}`,
                path: ["guests", index, "nics", at, "mtu"],
              },
            ],
      ),
    );
  },
  remedy: "Give the router's trunk NIC and all guests of its networks one MTU.",
};
