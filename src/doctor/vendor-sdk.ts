import { attempt, propertyOf } from "../support/foreign.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";
import { removeCommand } from "./npm-commands.js";

// Set by every version of `@sentry/core` when it is used.
const carrier: typeof globalThis & { readonly __SENTRY__?: unknown } = globalThis;

/**
 * Finds Sentry's own SDK where it sends something that this package sends, too. Without tracing, and with one of the two that captures
 * uncaught errors, both can be used. Never throws.
 */
export function checkVendorSdk(capturesUncaught: boolean): Finding[] {
  const { __SENTRY__: loaded } = carrier;
  if (loaded === undefined) return [];
  const version = propertyOf(loaded, "version");
  const known = typeof version === "string" ? version : undefined;
  const twice = attempt(
    () => sentTwice(propertyOf(loaded, known ?? ""), capturesUncaught),
    UNKNOWN,
  );
  if (twice.length === 0) return [];
  return [
    finding({
      name: "sentry-sdk-loaded",
      severity: "warning",
      summary: `Sentry's own SDK (@sentry/core) is in use in this process, too, and sends ${twice.join(" and ")}.`,
      library: { name: "@sentry/core", version: known },
      mechanism: `In Sentry, they arrive twice, with different users and tags.`,
      fix: `Use one of the two (\`${removeCommand("@sentry/node")}\`), or let Sentry's do without what this package does:`,
      code: "Sentry.init({ dsn, defaultIntegrations: false }); // no tracesSampleRate",
    }),
  ];
}

const UNKNOWN: readonly string[] = ["errors and transactions"];

// Scopes and clients have the same methods since version 8.
function sentTwice(ofVersion: unknown, capturesUncaught: boolean): readonly string[] {
  const scope = propertyOf(ofVersion, "defaultCurrentScope");
  if (scope === undefined) return UNKNOWN;
  const client = call(scope, "getClient");
  if (client === undefined) return [];
  const options = call(client, "getOptions");
  const isCapturing = ["OnUncaughtException", "OnUnhandledRejection"].some(
    (name) => call(client, "getIntegrationByName", name) !== undefined,
  );
  return [
    ...(isTracing(options) ? ["transactions"] : []),
    ...(isCapturing && capturesUncaught ? ["uncaught errors"] : []),
  ];
}

function isTracing(options: unknown): boolean {
  const rate = propertyOf(options, "tracesSampleRate");
  return (
    (rate !== undefined && rate !== null && rate !== 0) ||
    propertyOf(options, "tracesSampler") !== undefined
  );
}

function call(target: unknown, name: string, ...args: readonly unknown[]): unknown {
  const method = propertyOf(target, name);
  return typeof method === "function" ? Reflect.apply(method, target, args) : undefined;
}
