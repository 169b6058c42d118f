export { codes, NoReply, SessionGone, UbusRefusal } from "./errors";
export { type Account, type Answer, UbusClient, UbusSession } from "./session";
export { type Call, nameOf } from "./transport";
