import { describe, expect, it } from "vitest";

import type { ClientOptions } from "../../src/options/options.js";
import { resolveOptions } from "../../src/options/resolve.js";
import { OptionsError } from "../../src/protocol/errors.js";

const DSN = "https://0123456789abcdef0123456789abcdef@sentry.example.com/1";
const NOTHING: ClientOptions = {};

function problemOf(options: unknown): { option: string; message: string } | undefined {
  try {
    resolveOptions(options as ClientOptions, NOTHING);
    return undefined;
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    return { option: error.option, message: error.message };
  }
}

const notText = [5, true, {}, [], null, Symbol("s")];
const notNumber = ["1", true, {}, [], null, Number.NaN];
const notFlag = ["true", 1, {}, [], null];
const notFunction = ["f", 1, true, {}, [], null];
const notPatterns = ["error", /error/, {}, [5], [null], [{}], null];
const bad: Record<keyof ClientOptions, unknown[]> = {
  dsn: [...notText, "nonsense", "https://sentry.example.com/1"],
  release: notText,
  environment: notText,
  dist: notText,
  serverName: notText,
  tracesSampleRate: [...notNumber, -0.1, 1.1, Number.POSITIVE_INFINITY],
  tracesSampler: notFunction,
  keepUnsampled: [
    5,
    "failed",
    true,
    [],
    null,
    { failed: 1 },
    { slower: 5 },
    { slowerThanMillis: -1 },
  ],
  spanExceptions: [...notText, "some", "FAILED"],
  captureUncaught: notFlag,
  frameContextLines: [...notNumber, -1, 1.5],
  sampleRate: [...notNumber, -0.1, 1.1, 100],
  ignoreErrors: notPatterns,
  ignoreTransactions: ["span", /span/, {}, [5], [null], [{ name: 5 }], [{ attributes: {} }]],
  ignoreSpans: ["span", /span/, {}, [5], [null], [[]]],
  initialScope: ["scope", 5, true, [], null],
  errorProperties: ["true", 0, -1, 1.5, 11, {}, [], null],
  beforeSend: notFunction,
  beforeSendTransaction: notFunction,
  beforeSendSpan: notFunction,
  beforeBreadcrumb: notFunction,
  spanBreadcrumbs: notFlag,
  enableLogs: notFlag,
  beforeSendLog: notFunction,
  enableMetrics: notFlag,
  beforeSendMetric: notFunction,
  sendDefaultPii: notFlag,
  maxBreadcrumbs: [...notNumber, -1, 1.5, Number.POSITIVE_INFINITY],
  maxBufferedBytes: [...notNumber, 0, -1, Number.POSITIVE_INFINITY],
  tracePropagationTargets: notPatterns,
  strictTraceContinuation: notFlag,
  orgId: notText,
  tunnel: [...notText, "nonsense", "ftp://host/path", "/tunnel"],
  spotlight: [5, {}, [], null, "nonsense", "ftp://host"],
  transport: [
    5,
    "http",
    true,
    [],
    null,
    () => {},
    { maxConnections: "4" },
    { maxConnections: 0 },
    { gzipThresholdBytes: -1 },
    { nonsense: 1 },
    { send: 5 },
    { headersTimeoutMillis: 0 },
    { tcpKeepAlive: true },
    { tcpKeepAlive: { idle: 45 } },
    { tcpKeepAlive: { count: 0 } },
    { proxy: "socks5://proxy" },
    { noProxy: "localhost" },
    { caCerts: "/etc/ssl/ca.pem" },
    { clientCert: 5 },
    { clientCert: "-----BEGIN CERTIFICATE-----" },
    { clientKey: "-----BEGIN PRIVATE KEY-----" },
    { retryOn5xx: 1 },
    { spoolDirectory: "/var/spool/app" },
  ],
  spool: [
    "/spool",
    5,
    true,
    [],
    null,
    {},
    { maxBytes: 1 },
    ...["", undefined, 5].map((directory) => ({ directory })),
    ...[{ maxBytes: 0 }, { maxFiles: "all" }, { maxAgeMillis: 4e8 }, { maxAge: 1 }].map(
      (bounds) => ({ directory: "/spool", ...bounds }),
    ),
  ],
  shutdownTimeoutMillis: [...notNumber, -1, Number.POSITIVE_INFINITY],
  flushOnSignals: notFlag,
  sendClientReports: notFlag,
  enableBackpressureHandling: notFlag,
  debug: notFlag,
  silent: notFlag,
} satisfies Record<keyof ClientOptions, unknown[]>;

describe.each(Object.entries(bad))("%s", (option, values) => {
  it.each(values.map((value) => [value]))("is refused when it is %o", (value) => {
    const problem = problemOf({ [option]: value });
    expect(problem?.option.startsWith(option)).toBe(true);
    expect(problem?.message).toMatch(
      new RegExp(`^\`${option}[^\`]*\` (must .+; got .+|is not .+)$`),
    );
  });

  it("may be undefined", () => {
    expect(problemOf({ [option]: undefined })).toBeUndefined();
  });
});

describe("the door", () => {
  it("refuses an unknown option, and names the known ones", () => {
    const problem = problemOf({ nonsense: 1 });
    expect(problem?.option).toBe("nonsense");
    expect(problem?.message).toMatch(
      /is not an option; the options are dsn, .*tracesSampleRate, .*silent$/,
    );
  });

  it.each([[null], [5], ["dsn"], [[]], [() => {}]])(
    "refuses %o for the options themselves",
    (options) => {
      expect(problemOf(options)?.option).toBe("options");
    },
  );

  it("shows the received value, but not the secret of a DSN", () => {
    expect(problemOf({ sampleRate: 1.5 })?.message).toContain("got 1.5 (number)");
    expect(problemOf({ dsn: "https://key:secret@host/path" })?.message).not.toContain("secret@");
  });

  it.each([
    { transport: { proxy: "socks5://user:s3cret@proxy:1080" } },
    { tunnel: "ftp://user:s3c@ret@relay/t" },
    { dsn: "https://pub:s3:c@ret@host/x" },
    { transport: { clientKey: "s3cret-key-in-base64", clientCert: "-----BEGIN " } },
    { transport: { caCerts: ["s3cret"] } },
  ])("does not show a secret of %o", (options) => {
    const { message = "" } = problemOf(options) ?? {};
    expect(message).not.toBe("");
    expect(message).not.toMatch(/s3|ret@/);
  });

  it("accepts every kind of valid value", () => {
    const good: ClientOptions = {
      dsn: DSN,
      release: "shop@1.0.0",
      tracesSampleRate: 0,
      sampleRate: 1,
      ignoreErrors: ["a", /b/],
      ignoreSpans: ["a", /b/, { name: "c", op: /d/, attributes: { e: 1 } }],
      maxBreadcrumbs: 0,
      maxBufferedBytes: 1,
      shutdownTimeoutMillis: 0,
      tunnel: "https://example.com/tunnel",
      spotlight: "http://localhost:1234/stream",
      transport: {
        maxConnections: 1,
        gzipThresholdBytes: 0,
        tcpKeepAlive: { idleMillis: 45_000, count: 6 },
        proxy: "http://user:secret@proxy:3128",
        noProxy: [".local"],
        caCerts: ["-----BEGIN CERTIFICATE-----\n"],
      },
      spool: { directory: "/var/spool/app", maxBytes: 1, maxFiles: 1, maxAgeMillis: 1 },
      flushOnSignals: true,
      sendClientReports: false,
      debug: true,
    };
    expect(resolveOptions(good, NOTHING)).toMatchObject(good);
  });
});

describe("settings", () => {
  it("have the documented defaults", () => {
    expect(resolveOptions({}, NOTHING)).toEqual({
      strictTraceContinuation: false,
      flushOnSignals: false,
      sendClientReports: true,
      enableBackpressureHandling: true,
      tracesSampleRate: 1,
      spanExceptions: "failed",
      captureUncaught: false,
      frameContextLines: 5,
      errorProperties: false,
      spanBreadcrumbs: true,
      enableLogs: true,
      enableMetrics: true,
      sendDefaultPii: false,
      sampleRate: 1,
      ignoreErrors: [],
      ignoreTransactions: [],
      ignoreSpans: [],
      maxBreadcrumbs: 100,
      maxBufferedBytes: 20 * 1024 * 1024,
      transport: {},
      shutdownTimeoutMillis: 2000,
      debug: false,
      silent: false,
    });
  });

  it("are frozen, and do not change with the lists that were passed", () => {
    const ignoreErrors = ["a"];
    const settings = resolveOptions({ ignoreErrors }, NOTHING);
    ignoreErrors.push("b");
    expect(settings.ignoreErrors).toEqual(["a"]);
    expect(Object.isFrozen(settings)).toBe(true);
    for (const list of [settings.ignoreErrors, settings.ignoreTransactions, settings.ignoreSpans]) {
      expect(Object.isFrozen(list)).toBe(true);
    }
  });

  it("leave the object that was passed alone", () => {
    const options = Object.freeze({ dsn: DSN, ignoreErrors: Object.freeze(["a"]) });
    expect(resolveOptions(options, NOTHING)).toMatchObject(options);
  });
});

describe("precedence", () => {
  const environment: ClientOptions = {
    dsn: DSN,
    release: "of the environment",
    environment: "of the environment",
    tracesSampleRate: 0.5,
    debug: true,
    spotlight: "http://localhost:1234/stream",
  };

  it("the environment sets options that code does not set", () => {
    expect(resolveOptions({}, environment)).toMatchObject(environment);
  });

  it("code wins over the environment, even with a falsy value", () => {
    const code = { release: "of the code", tracesSampleRate: 0, debug: false };
    expect(resolveOptions(code, environment)).toMatchObject({
      ...code,
      environment: "of the environment",
    });
  });

  it("an undefined option does not override the environment", () => {
    const unset = {
      dsn: undefined,
      release: undefined,
      tracesSampleRate: undefined,
      spotlight: undefined,
    };
    expect(resolveOptions(unset, environment)).toMatchObject(environment);
  });

  it("a bad value of the environment is refused as well", () => {
    expect(() => resolveOptions({}, { tracesSampleRate: Number.NaN })).toThrow(
      /^`tracesSampleRate` must be/,
    );
  });
});

describe("an empty DSN", () => {
  it("means none", () => {
    expect(resolveOptions({ dsn: "" }, NOTHING).dsn || undefined).toBeUndefined();
  });

  it("overrides the one of the environment", () => {
    expect(resolveOptions({ dsn: "" }, { dsn: DSN }).dsn || undefined).toBeUndefined();
  });
});

it.each(["caCerts", "clientCert"])("a path in `transport.%s` is recognized as one", (name) => {
  expect(() =>
    resolveOptions({ transport: { [name]: "/etc/ssl/ca.pem", clientKey: "-----BEGIN KEY-----" } }),
  ).toThrow(
    /in PEM form \(the content of the file, such as `readFileSync\(path\)`, not its path\)/,
  );
});
