/** ubusmsg.h */
export const code = {
  ok: 0,
  invalidArgument: 2,
  methodNotFound: 3,
  notFound: 4,
  noData: 5,
  permissionDenied: 6,
} as const;

export type Result = [code: number, data?: object];
