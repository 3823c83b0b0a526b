import { attempt, isObjectLike, propertyOf } from "../support/foreign.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";
import { removeCommand } from "./package-manager.js";

// Set by every version of `@sentry/core` when it is used.
const carrier: typeof globalThis & { readonly __SENTRY__?: unknown } = globalThis;

/**
 * Finds Sentry's own SDK where it sends something that this package sends, too. Without tracing, and with one of the two that captures
 * uncaught errors, both can be used. Never throws.
 */
export function checkVendorSdk(capturesUncaught: boolean): Finding[] {
  const { __SENTRY__: loaded } = carrier;
  return attempt(() => copiesIn(loaded), [])
    .map((copy) => ({ ...copy, twice: sentTwice(copy, capturesUncaught) }))
    .filter(({ twice }) => twice.length > 0)
    .map(({ twice, version }) =>
      finding({
        name: "sentry-sdk-loaded",
        severity: "warning",
        summary: `Sentry's own SDK (@sentry/core) is in use in this process, too, and sends ${twice.join(" and ")}.`,
        library: { name: "@sentry/core", version },
        mechanism: `In Sentry, they arrive twice, with different users and tags.`,
        fix: `Use one of the two (\`${removeCommand("@sentry/node")}\`), or turn off tracing and the default integrations in Sentry.init:`,
        code: "// no tracesSampleRate\nSentry.init({ dsn, defaultIntegrations: false });",
      }),
    );
}

/** A copy of Sentry's SDK in this process. */
interface Copy {
  readonly version: string | undefined;
  /** Has its client from the first `Sentry.init` on; undefined before that. */
  readonly scope: unknown;
  /** True before version 8, whose clients have other methods. */
  readonly isOld: boolean;
}

// Each copy since version 8 keeps its data by its version; before that, there was one hub. Both have `getClient`.
function copiesIn(loaded: unknown): Copy[] {
  if (!isObjectLike(loaded)) return [];
  const versions = Object.keys(loaded).map((version) => ({
    version,
    scope: propertyOf(propertyOf(loaded, version), "defaultCurrentScope"),
    isOld: false,
  }));
  const unversioned = propertyOf(loaded, "defaultCurrentScope");
  return [
    ...versions,
    { version: undefined, scope: unversioned, isOld: false },
    { version: undefined, scope: propertyOf(loaded, "hub"), isOld: true },
  ];
}

function sentTwice(copy: Copy, capturesUncaught: boolean): readonly string[] {
  return attempt(() => {
    const client = call(copy.scope, "getClient");
    if (client === undefined) return [];
    if (copy.isOld) return ["errors and transactions"];
    return sentBy(client, capturesUncaught);
  }, []);
}

// Clients have the same methods since version 8.
function sentBy(client: unknown, capturesUncaught: boolean): readonly string[] {
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
