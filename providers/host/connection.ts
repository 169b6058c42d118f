import { isDeepStrictEqual } from "node:util";
import type { Credentials, Endpoints } from "../dynamic/configuration";
import { UserError } from "../dynamic/failure";
import type { Operation } from "../dynamic/kind";
import { type Machine, type SshAccount, SshConnection } from "./client";
import { SshMachine } from "./client/ssh-machine";

type Configured = Pick<Operation, "configuration">;
type Access = {
  endpoint: NonNullable<Endpoints[string]["ssh"]>;
  account: NonNullable<Credentials[string]["ssh"]>;
};

interface Known {
  access: Access[];
  connection: SshConnection;
  machine: Machine;
}

const known = new Map<string, Known>();

/** One connection a host for the whole process. */
export function connect(operation: Configured, host: string): Machine {
  return find(operation, host, []).machine;
}

/** For a process that wants to end, or a host whose place changes. */
export async function disconnect(): Promise<void> {
  const all = [...known.values()];
  known.clear();
  await Promise.all(all.map(({ connection }) => connection.close()));
}

function find(operation: Configured, host: string, before: string[]): Known {
  const path = accessPath(operation, host, before);
  const there = known.get(host);
  if (there && isDeepStrictEqual(there.access, path)) return there;
  void there?.connection.close();
  const { endpoint, account } = path[0] as Access;
  const { bastion } = endpoint;
  const over = bastion && find(operation, bastion, [...before, host]);
  const connection = new SshConnection(
    host,
    endpoint,
    accountOf(host, account),
    over ? over.connection : undefined,
  );
  const sudo = account.username !== "root";
  const machine = new SshMachine(host, connection, sudo);
  const made = { access: path, connection, machine };
  known.set(host, made);
  return made;
}

/** Of the host and each one on the way to it. */
function accessPath(
  operation: Configured,
  host: string,
  before: readonly string[],
): Access[] {
  const { endpoints, credentials } = operation.configuration;
  const endpoint = endpoints[host]?.ssh;
  const account = credentials[host]?.ssh;
  if (endpoint === undefined) throw unset(host, "endpoints");
  if (account === undefined) throw unset(host, "credentials");
  if (before.includes(host)) {
    throw new UserError(
      `Unable to reach host "${host}": its way leads over itself (${[...before, host].join(" -> ")}). Correct "bastion" in hybrid-site:endpoints.`,
    );
  }
  const { bastion } = endpoint;
  const rest = bastion ? accessPath(operation, bastion, [...before, host]) : [];
  return [{ endpoint, account }, ...rest];
}

function accountOf(host: string, account: Access["account"]): SshAccount {
  if ("privateKey" in account) return account;
  const { username, agent } = account;
  const socket = agent === true ? process.env.SSH_AUTH_SOCK : agent;
  if (socket === undefined) {
    throw new UserError(
      `Unable to reach host "${host}": hybrid-site:credentials.${host}.ssh.agent is true, but SSH_AUTH_SOCK is not set. Start an agent ("eval $(ssh-agent)", "ssh-add") in the shell that runs Pulumi.`,
    );
  }
  return { username, agent: socket };
}

function unset(host: string, key: "endpoints" | "credentials"): UserError {
  const hint =
    key === "endpoints"
      ? `"pulumi config set --path hybrid-site:endpoints.${host}.ssh.address ADDRESS" and "... .ssh.hostKeys[0]" with the line of "ssh-keyscan -t ed25519 ADDRESS" that you have compared on its console`
      : `"pulumi config set --path hybrid-site:credentials.${host}.ssh.username NAME" and, with --secret, the privateKey`;
  return new UserError(
    `Unable to reach host "${host}" by SSH: hybrid-site:${key} has no "${host}.ssh". Set it with ${hint}.`,
  );
}
