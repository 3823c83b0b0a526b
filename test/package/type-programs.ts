/** Calls that are a compile error, and the files of their programs. */
export const REFUSED: readonly (readonly [call: string, fault: RegExp, file: string])[] = [
  ["setUser({ id: new Date() })", /'Date' is not assignable/, "user-date.mts"],
  ["setUser(order)", /'Date' is not assignable/, "user-order.mts"],
  ["setTags({ at: new Date() })", /'Date' is not assignable/, "tags-date.mts"],
  ["setTags(order)", /'Order' is not assignable|'Date' is not assignable/, "tags-order.mts"],
  [`setContext("order", "7")`, /'string' is not assignable/, "context-text.mts"],
];

function refusedProgram(call: string): string {
  return `
    import { setContext, setTags, setUser } from "otel-sentry-bridge";
    interface Order { id: Date }
    export const order: Order = { id: new Date() };
    export const calls = [setContext, setTags, setUser];
    ${call};
  `;
}

const UNKNOWN = `import { createClient } from "otel-sentry-bridge"; createClient({ dsm: "" }).flsh();`;

const OWN_TYPES = `
  import * as bridge from "otel-sentry-bridge";
  interface Account { id: string; plan: string; seats?: number }
  interface Profile { accountId: string }
  interface Order { total: number; lines: string[] }
  declare const account: Account, profile: Profile, order: Order;
  const scope = bridge.getCurrentScope();
  for (const target of [bridge, scope]) {
    target.setUser(account);
    target.setUser(profile);
    target.setUser({ id: "7", plan: "free" });
    target.setUser(null);
    target.setTags(account);
    target.setTags({ plan: "free", beta: true });
    target.setContext("order", order);
    target.setExtras(order);
    target.setAttributes(order);
    target.addBreadcrumb({ message: "paid", data: order });
  }
  scope.update({ user: account, extra: order, contexts: { order }, attributes: order });
  bridge.captureException(new Error("x"), { user: profile, contexts: { order } });
  bridge.logger.info("paid", order);
  bridge.metrics.count("orders", 1, { attributes: order });
`;

const LIBRARY = `
  import bridge = require("otel-sentry-bridge");
  import testing = require("otel-sentry-bridge/testing");
  export const client: bridge.SentryClient = bridge.createClient({ dsn: false });
  export const scope: bridge.Scope = bridge.getCurrentScope();
  export const processor = new bridge.SentrySpanProcessor(client);
  export const transport: bridge.Transport = testing.createMemoryTransport();
  export function use(other: bridge.SentryClient, own: bridge.Scope): void {
    bridge.setClient(other);
    own.update(scope);
  }
  export const refused = new bridge.OptionsError({ option: "dsn", expected: "must be a DSN" });
`;

const APPLICATION = `
  import { OptionsError, SentrySpanExporter, SentrySpanProcessor, createClient, getCurrentScope, setClient } from "otel-sentry-bridge";
  import type { Scope, SentryClient, Transport } from "otel-sentry-bridge";
  import { assertSettled } from "otel-sentry-bridge/testing";
  import { client, processor, refused, scope, transport, use } from "./library.cjs";
  const own: SentryClient = client;
  const ownScope: Scope = scope;
  const ownTransport: Transport = transport;
  const ownProcessor: SentrySpanProcessor = processor;
  const error: OptionsError = refused;
  setClient(client);
  use(createClient({ transport }), getCurrentScope());
  assertSettled(client);
  console.log(new SentrySpanExporter(client), own, ownScope, ownTransport, ownProcessor, error);
`;

/** Programs of applications, by their files. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  "library.cts": LIBRARY,
  "application.mts": APPLICATION,
  "own.mts": OWN_TYPES,
  "unknown.mts": UNKNOWN,
  ...Object.fromEntries(REFUSED.map(([call, , file]) => [file, refusedProgram(call)])),
};
