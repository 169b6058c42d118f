import {
  type ResourceValidationArgs,
  Secret,
  type StackValidationArgs,
} from "@pulumi/policy";
import { diskDecision } from "../../policy/disk-decision";
import { virtualMachine } from "../../policy/machine";
import { nicTag, nicVlan } from "../../policy/nic-vlan";
import { lookForSecrets, plainSecret } from "../../policy/plain-secret";

type Values = Record<string, unknown>;

async function validate(
  policy: typeof diskDecision,
  props: Values,
  type = virtualMachine,
): Promise<string[]> {
  const messages: string[] = [];
  const args = {
    type,
    props,
    urn: "urn",
    getConfig: () => ({}),
  } as unknown as ResourceValidationArgs;
  if (typeof policy.validateResource === "function") {
    await policy.validateResource(args, (message) => messages.push(message));
  }
  return messages;
}

async function validateStack(
  nics: Values,
  config: Values = {},
): Promise<string[]> {
  const messages: string[] = [];
  const resources = [
    { type: "site:network:Fabric", props: { vlans: [10, 30] }, urn: "fabric" },
    { type: virtualMachine, props: { nics }, urn: "vm" },
    { type: "other:index:Thing", props: { nics: { net0: {} } }, urn: "other" },
  ];
  await nicVlan.validateStack(
    { resources, getConfig: () => config } as unknown as StackValidationArgs,
    (message, urn) => messages.push(`${urn}: ${message}`),
  );
  return messages;
}

test("a disk with a decision passes, one without is told", async () => {
  expect(
    await validate(diskDecision, {
      disks: { scsi0: { onDestroy: "keep" }, scsi1: { onDestroy: "destroy" } },
    }),
  ).toEqual([]);
  expect(
    await validate(diskDecision, { disks: { scsi0: { size: 1 } } }),
  ).toEqual([
    "Disk scsi0 does not say what becomes of its data when the machine goes. Set onDestroy to keep or destroy.",
  ]);
  expect(
    await validate(diskDecision, { disks: { scsi0: {} } }, "other:index:Thing"),
  ).toEqual([]);
});

test("NICs with tags or trunks that the site knows pass", async () => {
  expect(
    await validateStack({ net0: { tag: 30 }, net1: { trunks: [10, 30] } }),
  ).toEqual([]);
});

test("an untagged NIC is told before the machine is made", async () => {
  const nics = { net0: {}, net1: { tag: 31 }, net2: { trunks: [10] } };
  expect(await validate(nicTag, { nics })).toEqual([
    "NIC net0 carries no VLAN tag and so lands in the bridge's untagged network. Set tag or trunks.",
  ]);
  expect(await validate(nicTag, { nics }, "other:index:Thing")).toEqual([]);
});

test("an unknown VLAN is told with the NIC", async () => {
  expect(
    await validateStack({
      net0: {},
      net1: { tag: 31 },
      net2: { trunks: [10, 99] },
    }),
  ).toEqual([
    "vm: NIC net1 carries VLAN 31, which the site does not know. Declare it under networks, or correct the tag.",
    "vm: NIC net2 carries VLAN 99, which the site does not know. Declare it under networks, or correct the tag.",
  ]);
});

test("VLANs may be configured for a stack that declares none", async () => {
  expect(await validateStack({ net0: { tag: 31 } }, { vlans: [31] })).toEqual(
    [],
  );
});

test("a plain secret is told by its place and never by its value; a Pulumi secret passes", async () => {
  const look = (props: Values) => {
    const { remediateResource } = lookForSecrets;
    if (typeof remediateResource === "function")
      void remediateResource({ urn: "urn", props } as never);
    return validate(plainSecret, {});
  };
  expect(
    await look({
      user: { password: "hunter22" },
      note: "-----BEGIN OPENSSH PRIVATE KEY-----\nx",
    }),
  ).toEqual([
    "Input user.password holds what looks like a secret in plain text. Pass it as a Pulumi secret (pulumi config set --secret).",
    "Input note holds what looks like a secret in plain text. Pass it as a Pulumi secret (pulumi config set --secret).",
  ]);
  expect(
    await look({ user: { password: new Secret("hunter22") }, tokenCount: 3 }),
  ).toEqual([]);
});
