import { letsIn } from "../../lab/openwrt/fw4";
import { parseUci } from "../../lab/openwrt/uci/file";

const firewall = (address: string) =>
  parseUci(`
config defaults
	option input 'REJECT'

config zone
	option name 'management'
	list network 'management'
	option input 'REJECT'

config rule 'administer'
	option src 'management'
	list dest_ip '${address}'
	list proto 'tcp'
	list dest_port '443'
	option target 'ACCEPT'
`);

test.each([
  ["10.0.10.1", true],
  ["10.0.10.0/24", true],
  ["10.0.20.1", false],
  ["fd12:3456:789a:a::1", false],
])(
  "a rule for %s: whether it lets in who comes by 10.0.10.1: %s",
  (address, isIn) => {
    const file = firewall(address);
    expect(letsIn(file, "management", "10.0.10.1", 443)).toBe(isIn);
  },
);
