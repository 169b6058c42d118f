import { listenProblem } from "../../providers/storage/addresses";

test.each(["10.0.20.10", "fd00::a", "2001:db8:0:1:1:1:1:1", "100.64.0.1"])(
  "%s may be listened on",
  (address) => {
    expect(listenProblem(address)).toBeUndefined();
  },
);

test.each<[string, RegExp]>([
  ["eth0", /an address of the host/],
  ["fe80::1%eth0", /an address of the host/],
  ["010.0.0.1", /an address of the host/],
  ["0.0.0.0", /every one that the host has/],
  ["::", /every one that the host has/],
  ["0::0", /every one that the host has/],
  ["0:0:0:0:0:0:0:0", /every one that the host has/],
  ["::ffff:10.0.20.10", /the address of IPv4 that it is/],
  ["::10.0.20.10", /the address of IPv4 that it is/],
  ["fe80::1", /link-local/],
  ["FE80::1", /link-local/],
  ["169.254.1.1", /link-local/],
  ["127.0.0.2", /loopback/],
  ["::1", /loopback/],
  ["0:0:0:0:0:0:0:1", /loopback/],
  ["224.0.0.1", /a group's/],
  ["ff02::1", /a group's/],
  ["255.255.255.255", /everybody's/],
  ["FD00::A", /written fd00::a$/],
  ["fd00:0:0::a", /written fd00::a$/],
  ["2001:db8::1:1:1:1:1", /written 2001:db8:0:1:1:1:1:1$/],
])("nothing listens on %s", (address, reason) => {
  expect(listenProblem(address)).toMatch(reason);
});
