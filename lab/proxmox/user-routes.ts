import { randomUUID } from "node:crypto";
import { aclOf, usersOf } from "./access";
import { type Call, may, type Route, requirePrivilege } from "./call";
import { die, invalid } from "./failure";
import { boolean, integer, matching, string } from "./parameters";
import type { Token, User } from "./world";

const users = "/access/users";
const one = `${users}/{userid}`;
const token = `${one}/token/{tokenid}`;

const userId = matching(/^[^\s:/]+@[A-Za-z][\w.-]+$/, "user ID");
const options = {
  comment: string,
  enable: boolean,
  expire: integer(0),
  email: string,
  firstname: string,
  lastname: string,
  groups: string,
};

const modify = (call: Call) =>
  requirePrivilege(call, "/access/groups", "User.Modify");

/** Oneself, or with User.Modify anybody. */
function ownOrModify(call: Call): void {
  if (call.user.split("!")[0] !== call.places[0]) modify(call);
}

function userOf(call: Call): User {
  const user = usersOf(call.account)[call.places[0] ?? ""];
  if (user === undefined) throw die(`no such user ('${call.places[0]}')`);
  return user;
}

function tokenOf(call: Call): Token {
  const found = userOf(call).tokens[call.places[1] ?? ""];
  if (found === undefined)
    throw die(`no such token '${call.places[1]}' for user '${call.places[0]}'`);
  return found;
}

function save(call: Call): void {
  call.world.save("accounts", call.account);
}

function forgetEntries(call: Call, owner: string): void {
  call.account.acl = aclOf(call.account).filter(
    ({ ugid }) => ugid !== owner && !ugid.startsWith(`${owner}!`),
  );
}

const details = ["email", "firstname", "lastname"] as const;

/** Nothing here makes a group. */
function checkGroups({ params }: Call): void {
  const [group] = (params.groups ?? "").split(/[,; ]+/).filter(Boolean);
  if (group) throw die(`no such group '${group}'`);
}

function withParameters<T extends User | Token>(
  value: T,
  params: Record<string, string>,
): T {
  if ("tokens" in value) {
    for (const key of [...details, "password"] as const) {
      if (params[key] !== undefined) value[key] = params[key];
    }
  }
  if (params.comment !== undefined) value.comment = params.comment;
  if (params.expire !== undefined) value.expire = Number(params.expire);
  if (params.enable !== undefined && "enable" in value)
    value.enable = params.enable === "1";
  if (params.privsep !== undefined && "privsep" in value)
    value.privsep = params.privsep === "1";
  return value;
}

function tokenInfo({ privsep, expire, comment }: Token) {
  return {
    privsep: privsep ? 1 : 0,
    expire,
    ...(comment === undefined ? {} : { comment }),
  };
}

function userInfo(user: User) {
  const { enable, expire } = user;
  const shown = (["comment", ...details] as const).flatMap((key) =>
    user[key] === undefined ? [] : [[key, user[key]]],
  );
  return { enable: enable ? 1 : 0, expire, ...Object.fromEntries(shown) };
}

function tokenList({ tokens }: User) {
  return Object.entries(tokens).map(([tokenid, value]) => ({
    tokenid,
    ...tokenInfo(value),
  }));
}

export const userRoutes: Route[] = [
  {
    method: "GET",
    path: users,
    schema: { optional: { enabled: boolean, full: boolean } },
    handle: (call) => {
      const { enabled, full } = call.params;
      const seesAll = may(call, "/access/groups", "User.Modify", "Sys.Audit");
      const self = call.user.split("!")[0];
      return Object.entries(usersOf(call.account))
        .filter(
          ([userid, { enable }]) =>
            (seesAll || userid === self) &&
            (enabled === undefined || enable === (enabled === "1")),
        )
        .map(([userid, user]) => ({
          userid,
          ...userInfo(user),
          "realm-type": userid.split("@")[1],
          ...(full === "1" ? { tokens: tokenList(user) } : {}),
        }));
    },
  },
  {
    method: "POST",
    path: users,
    allow: modify,
    schema: {
      required: { userid: userId },
      optional: { ...options, password: string },
    },
    handle: (call) => {
      const { userid = "", password } = call.params;
      if (password !== undefined && password.length < 8)
        throw invalid("password", "value must be at least 8 characters long");
      checkGroups(call);
      const known = usersOf(call.account);
      if (known[userid])
        throw die(`create user failed: user '${userid}' already exists`);
      const fresh: User = { enable: true, expire: 0, tokens: {} };
      known[userid] = withParameters(fresh, call.params);
      save(call);
    },
  },
  {
    method: "GET",
    path: one,
    allow: ownOrModify,
    handle: (call) => {
      const user = userOf(call);
      const tokens = tokenList(user).map(({ tokenid, ...rest }) => [
        tokenid,
        rest,
      ]);
      return { ...userInfo(user), tokens: Object.fromEntries(tokens) };
    },
  },
  {
    method: "PUT",
    path: one,
    allow: modify,
    schema: { optional: { ...options, append: boolean } },
    handle: (call) => {
      checkGroups(call);
      withParameters(userOf(call), call.params);
      save(call);
    },
  },
  {
    method: "DELETE",
    path: one,
    allow: modify,
    handle: (call) => {
      userOf(call);
      const [userid = ""] = call.places;
      delete usersOf(call.account)[userid];
      forgetEntries(call, userid);
      save(call);
    },
  },
  {
    method: "GET",
    path: `${one}/token`,
    allow: ownOrModify,
    handle: (call) => tokenList(userOf(call)),
  },
  {
    method: "GET",
    path: token,
    allow: ownOrModify,
    handle: (call) => tokenInfo(tokenOf(call)),
  },
  {
    method: "POST",
    path: token,
    allow: ownOrModify,
    schema: {
      optional: { comment: string, expire: integer(0), privsep: boolean },
    },
    handle: (call) => {
      const [userid = "", tokenid = ""] = call.places;
      if (!/^[A-Za-z][\w.-]+$/.test(tokenid))
        throw invalid("tokenid", "invalid format - invalid token ID");
      const { tokens } = userOf(call);
      if (tokens[tokenid]) throw invalid("tokenid", "Token already exists.");
      const value = randomUUID();
      const fresh: Token = { value, privsep: true, expire: 0 };
      tokens[tokenid] = withParameters(fresh, call.params);
      save(call);
      return {
        "full-tokenid": `${userid}!${tokenid}`,
        value,
        info: tokenInfo(fresh),
      };
    },
  },
  {
    method: "PUT",
    path: token,
    allow: ownOrModify,
    schema: {
      optional: { comment: string, expire: integer(0), privsep: boolean },
    },
    handle: (call) => {
      const found = withParameters(tokenOf(call), call.params);
      save(call);
      return tokenInfo(found);
    },
  },
  {
    method: "DELETE",
    path: token,
    allow: ownOrModify,
    handle: (call) => {
      tokenOf(call);
      const [userid = "", tokenid = ""] = call.places;
      delete userOf(call).tokens[tokenid];
      forgetEntries(call, `${userid}!${tokenid}`);
      save(call);
    },
  },
];
