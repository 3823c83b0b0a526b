import { describe, expect, it } from "vitest";

import { createClient, isOptionsError } from "../../src/index.js";
import { resolveOptions } from "../../src/options/resolve.js";

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
    ["spoolDir", "spool"],
    ["maxConections", "transport.maxConnections"],
    ["dns", "dsn"],
    ["relaese", "release"],
    ["debugMode", "debug"],
    ["environ", "environment"],
  ])("%s names the nearest one, %s", (wrong, right) => {
    expect(messageOf({ [wrong]: 1 })).toBe(
      `\`${wrong}\` is not an option; did you mean \`${right}\`?`,
    );
  });

  it("names the nearest one inside another option", () => {
    expect(messageOf({ transport: { maxConnection: 5 } })).toContain(
      "`transport.maxConnection` is not an option; did you mean `maxConnections`?",
    );
    expect(messageOf({ spool: { dir: "/tmp" } })).toBe(
      "`spool.dir` is not an option; did you mean `directory`?",
    );
    expect(messageOf({ keepUnsampled: { slowerThanMs: 5 } })).toContain("`slowerThanMillis`");
  });

  it.each([
    ["integrations", /OpenTelemetry instrumentations/],
    ["shutdownTimeout", /`shutdownTimeoutMillis`/],
    ["includeLocalVariables", /not sent.*`frameContextLines`/],
    ["enabled", /`dsn: false`/],
    ["skipOpenTelemetrySetup", /SentrySpanProcessor/],
    ["transportOptions", /`transport`/],
    ["profilesSampleRate", /not supported/],
    ["autoSessionTracking", /not supported/],
    ["registerEsmLoaderHooks", /--import/],
    ["tracingOrigins", /`tracePropagationTargets`/],
    ["Integrations", /OpenTelemetry instrumentations/],
    ["attachStackTrace", /errors always have a stack trace/],
    ["tags", /`initialScope`/],
    ["client", /: pass the client itself instead of options$/],
    ["scope", /: set data with getGlobalScope\(\)$/],
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
        /is not an option; the options are dsn, release, .*silent/,
      );
    },
  );
});

describe("a list with an invalid field", () => {
  it.each<[object, string]>([
    [
      { ignoreSpans: ["ok", { nme: "x" }] },
      "`ignoreSpans[1].nme` is not an option; did you mean `name`?",
    ],
    [
      { ignoreSpans: [{ name: 5 }] },
      "`ignoreSpans[0].name` must be a string or a regular expression; got 5 (number)",
    ],
    [
      { ignoreSpans: [{}] },
      "`ignoreSpans[0]` must be a string, a regular expression or { name, op, attributes }; got an object",
    ],
    [
      { ignoreSpans: [{ name: undefined }] },
      "`ignoreSpans[0]` must be a string, a regular expression or { name, op, attributes }; got an object",
    ],
    [
      { ignoreTransactions: [null] },
      "`ignoreTransactions[0]` must be a string, a regular expression or { name, op }; got null",
    ],
    [
      { ignoreTransactions: [{ attributes: {} }] },
      "`ignoreTransactions[0].attributes` is not an option; the options are name, op",
    ],
    [
      { ignoreErrors: [/ok/, 404] },
      "`ignoreErrors[1]` must be a string or a regular expression; got 404 (number)",
    ],
    [
      { tracePropagationTargets: "x" },
      'must be a list of strings and regular expressions; got "x"',
    ],
    [
      { transport: { noProxy: ["a", 1] } },
      "`transport.noProxy[1]` must be a string; got 1 (number)",
    ],
  ])("names it: %j", (options, message) => {
    expect(messageOf(options)).toContain(message);
  });
});

describe("initialScope", () => {
  it.each<[object, string]>([
    [{ tag: {} }, "`initialScope.tag` is not an option; did you mean `tags`?"],
    [
      { labels: {} },
      "the options are user, tags, extra, contexts, attributes, level, fingerprint, attachments",
    ],
    [{ user: "bob" }, '`initialScope.user` must be an object; got "bob"'],
    [{ fingerprint: "x" }, '`initialScope.fingerprint` must be a list of strings; got "x"'],
    [{ fingerprint: ["a", 1] }, "`initialScope.fingerprint[1]` must be a string; got 1 (number)"],
    [
      { level: "loud" },
      '`initialScope.level` must be debug, error, fatal, info, log or warning; got "loud"',
    ],
    [{ tags: [] }, "`initialScope.tags` must be an object; got an array"],
    [{ contexts: 5 }, "`initialScope.contexts` must be an object; got 5 (number)"],
    [{ attributes: null }, "`initialScope.attributes` must be an object; got null"],
    [
      { attachments: {} },
      "`initialScope.attachments` must be a list of attachments; got an object",
    ],
  ])(
    "with a member that would be ignored is an error that names it: %j",
    (initialScope, message) => {
      expect(messageOf({ initialScope })).toContain(message);
    },
  );

  it("that is neither an object nor a function lists the fields", () => {
    expect(messageOf({ initialScope: "eu" })).toMatch(
      /object with user, tags, .*attributes, .*got "eu"/,
    );
  });

  it("may have every field, or none", () => {
    const initialScope = {
      user: { id: 1 },
      tags: { a: "b" },
      extra: {},
      contexts: { order: {} },
      attributes: { region: "eu" },
      level: "log",
      fingerprint: ["a"],
      attachments: [{ filename: "a.txt", data: "a" }],
    } as const;
    for (const scope of [initialScope, {}, { user: undefined }]) {
      expect(resolveOptions({ dsn: false, initialScope: scope }).initialScope).toBe(scope);
    }
  });
});

it.each([true, "/tmp/spool"])("`spool: %o` leads to the directory", (spool) => {
  expect(messageOf({ spool })).toMatch(
    /^`spool` must be an object, such as \{ directory: "…" \}; got /,
  );
});

it.each([{ http2: true }, { transport: { http2: true } }, { transport: { allowH2: true } }])(
  "%o is told that envelopes are sent over HTTP/1.1",
  (options) => {
    expect(messageOf(options)).toMatch(
      /` is not an option of otel-sentry-bridge: envelopes are sent over HTTP\/1\.1$/,
    );
  },
);

it.each([[{ maxBufferedBytes: "1" }], [{ spool: { directory: "x", maxBytes: 0 } }]])(
  "%o is told the unit",
  (options) => {
    expect(messageOf(options)).toContain("must be a number of bytes of at least 1");
  },
);
