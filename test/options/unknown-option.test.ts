import { describe, expect, it } from "vitest";

import { createClient, isOptionsError } from "../../src/index.js";

function messageOf(options: object): string {
  try {
    createClient(options);
  } catch (error) {
    if (isOptionsError(error)) return error.message;
    throw error;
  }
  throw new Error("no error");
}

describe("an option that does not exist", () => {
  it.each([
    ["tracesSamplerate", "tracesSampleRate"],
    ["traceSampleRate", "tracesSampleRate"],
    ["tracesSampelRate", "tracesSampleRate"],
    ["DSN", "dsn"],
    ["enviroment", "environment"],
    ["env_ironment", "environment"],
    ["beforeSendTransactions", "beforeSendTransaction"],
    ["shutdownTimeoutMs", "shutdownTimeoutMillis"],
    ["sendDefaultPII", "sendDefaultPii"],
    ["ignoreError", "ignoreErrors"],
    ["maxBreadcrumb", "maxBreadcrumbs"],
    ["env", "environment"],
    ["releaseName", "release"],
    ["http2", "transport.http2"],
    ["spoolDir", "transport.spoolDirectory"],
    ["maxConections", "transport.maxConnections"],
  ])("%s names the nearest one, %s", (wrong, right) => {
    expect(messageOf({ [wrong]: 1 })).toBe(
      `\`${wrong}\` is not an option; did you mean \`${right}\`?; got 1 (number)`,
    );
  });

  it("names the nearest one inside of another option", () => {
    expect(messageOf({ transport: { maxConnection: 5 } })).toContain(
      "`transport.maxConnection` is not an option; did you mean `maxConnections`?",
    );
    expect(messageOf({ keepUnsampled: { slowerThanMs: 5 } })).toContain("`slowerThanMillis`");
  });

  it.each([
    ["integrations", /OpenTelemetry instrumentations/],
    ["shutdownTimeout", /`shutdownTimeoutMillis`/],
    ["includeLocalVariables", /not read.*`frameContextLines`/],
    ["enabled", /`dsn: false`/],
    ["skipOpenTelemetrySetup", /SentrySpanProcessor/],
    ["transportOptions", /`transport`/],
    ["profilesSampleRate", /not supported/],
    ["autoSessionTracking", /not supported/],
    ["registerEsmLoaderHooks", /--import/],
    ["tracingOrigins", /`tracePropagationTargets`/],
    ["Integrations", /OpenTelemetry instrumentations/],
    ["attachStackTrace", /errors always have stacks/],
    ["tags", /`initialScope`/],
    ["serviceName", /OTEL_SERVICE_NAME/],
  ])("%s, of Sentry's SDKs, names its counterpart or says that there is none", (name, hint) => {
    const message = messageOf({ [name]: [] });
    expect(message).toMatch(/is not an option of otel-sentry-bridge: /);
    expect(message).toMatch(hint);
  });

  it.each(["nonsense", "toString", "__proto__x", "x".repeat(10_000)])(
    "that is like no other lists them all: %s",
    (name) => {
      expect(messageOf({ [name]: 1 })).toMatch(
        /is not an option; there are dsn, release, .*silent/,
      );
    },
  );
});
