import { text } from "../../guests/config";
import {
  formatProperties,
  isTrue,
  mergeProperties,
  parseProperties,
} from "../../property-string";
import type { Nic } from "../model";
import { type Area, indexed, reordered } from "./area";

/** All NICs are the inputs': one that somebody added is drift. */
export const nicArea: Area = {
  write(inputs, config, before) {
    return Object.fromEntries(
      indexed(config, "net", inputs.nics).map((key) => {
        const nic = inputs.nics[key];
        const current = text(config, key);
        return [key, nic && setting(nic, current, before?.nics[key])];
      }),
    );
  },
  read(inputs, config) {
    return {
      nics: Object.fromEntries(
        indexed(config, "net").map((key) => [
          key,
          actual(text(config, key) ?? "", inputs.nics[key]),
        ]),
      ),
    };
  },
};

const defaultModel = "virtio";
const modelAndMac =
  /^(virtio|e1000|e1000e|rtl8139|vmxnet3)=(([0-9A-F]{2}:){5}[0-9A-F]{2})$/i;

function setting(nic: Nic, current = "", before?: Nic): string {
  const found = hardware(current);
  const { model: _model, macaddr: _mac, ...kept } = found.properties;
  const mac = nic.mac ?? found.mac;
  const { bridge, model = defaultModel, tag, trunks } = nic;
  return formatProperties({
    ...(mac ? { [model]: mac } : { model }),
    ...mergeProperties(kept, options(nic), before && options(before)),
    bridge,
    tag,
    trunks: trunks && [...trunks].sort((a, b) => a - b).join(";"),
  });
}

/** What a NIC has without the inputs saying so is left as it is. */
function options(nic: Nic) {
  return {
    mtu: nic.mtu,
    firewall: nic.firewall,
    queues: nic.queues,
    rate: nic.rateLimit,
    link_down: nic.connected === undefined ? undefined : !nic.connected,
  };
}

function actual(value: string, wanted: Nic | undefined): Nic {
  const { model, mac, properties } = hardware(value);
  const { bridge = "", tag, mtu, firewall, queues, rate } = properties;
  const trunks = properties.trunks?.split(";").map(Number);
  const number = (set: number | undefined, text: string | undefined) =>
    set === undefined || text === undefined ? undefined : Number(text);
  return {
    bridge,
    model:
      wanted?.model === undefined && model === defaultModel
        ? undefined
        : (model as Nic["model"]),
    tag: tag === undefined ? undefined : Number(tag),
    trunks:
      trunks && wanted?.trunks ? reordered(trunks, wanted.trunks) : trunks,
    mac: wanted?.mac && mac,
    mtu: number(wanted?.mtu, mtu),
    firewall: wanted?.firewall === undefined ? undefined : isTrue(firewall),
    queues: number(wanted?.queues, queues),
    rateLimit: number(wanted?.rateLimit, rate),
    connected:
      wanted?.connected === undefined
        ? undefined
        : !isTrue(properties.link_down),
  };
}

/** PVE writes "virtio=MAC"; the older "model=virtio,macaddr=MAC" means the same. */
function hardware(value: string) {
  const properties = parseProperties(value, "model");
  for (const [key, text] of Object.entries(properties)) {
    const [, model, mac] = modelAndMac.exec(`${key}=${text}`) ?? [];
    if (model === undefined || mac === undefined) continue;
    delete properties[key];
    return { model, mac: mac.toUpperCase(), properties };
  }
  const { model = defaultModel, macaddr } = properties;
  return { model, mac: macaddr?.toUpperCase(), properties };
}
