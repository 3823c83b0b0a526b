import { inspect } from "node:util";

import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";

import {
  SentryLogRecordProcessor,
  SentrySampler,
  SentrySpanExporter,
  SentrySpanProcessor,
  createClient,
  isOptionsError,
} from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { CHARACTER, WEB_URL } from "../property/characters.js";

const SECRET = "verysecret";

/** Text of the error; undefined where the client works. Throws whatever is no `OptionsError`. */
async function problemOf(options: object): Promise<string | undefined> {
  try {
    const client = createClient({ silent: true, ...options });
    await client.close(0);
    return undefined;
  } catch (error) {
    if (isOptionsError(error)) return error.message;
    throw error;
  }
}

afterEach(() => vi.unstubAllEnvs());

const part = fc.oneof(
  fc.string({ unit: CHARACTER, maxLength: 20 }),
  fc.constantFrom(
    "",
    ".",
    "..",
    "a..b",
    "1.2.3.4.5",
    "256.1.1.1",
    "[::1]",
    "[::1",
    "[fe80::1%25eth0]",
    "a_b",
    "bücher.example",
    "xn--",
    "-",
    "\0",
    " ",
    "%",
    "host\n",
    "0x7f.1",
    "x".repeat(300),
  ),
);
const port = fc.oneof(
  fc.constant(""),
  fc.integer({ min: 0, max: 100_000 }).map((number) => `:${number}`),
  fc.string({ maxLength: 6 }).map((text) => `:${text}`),
);
const path = fc.oneof(
  fc.constant(""),
  fc.string({ unit: CHARACTER, maxLength: 20 }).map((text) => `/${text}`),
);
const project = fc.oneof(fc.nat().map(String), fc.constantFrom("", "9".repeat(400), "1a"));
const dsnLike = fc
  .tuple(
    fc.constantFrom("https://", "http://", "HTTP://", "//", "", "ftp://"),
    part,
    port,
    path,
    project,
  )
  .map(
    ([scheme, host, number, middle, id]) =>
      `${scheme}key:${SECRET}@${host}${number}${middle}/${id}`,
  );
const anyText = fc.oneof(dsnLike, fc.string({ unit: CHARACTER, maxLength: 60 }), WEB_URL);

describe("a DSN", () => {
  it("of any text works, or is an `OptionsError` without its secret", async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (dsn) => {
        expect((await problemOf({ dsn })) ?? "").not.toContain(SECRET);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    "http://key@host:65536/1",
    "http://key@host:99999999/1",
    "http://key@1.2.3.4.5/1",
    "http://key@256.1.1.1/1",
    "http://key@[::1/1",
    "http://key@[fe80::1%25eth0]/1",
    "http://key@[1.2.3.4]/1",
    "http://key@./1",
    "http://key@host/a b/1",
    "http://key@host/\0/1",
    "http://key@host/path?query/1",
    `http://key@${"h".repeat(3000)}/1`,
  ])("that no URL can have is an `OptionsError`: %j", async (dsn) => {
    expect(await problemOf({ dsn })).toMatch(/^`dsn` must look like /);
    expect(() => new SentrySpanProcessor({ dsn })).toThrow(expect.toSatisfy(isOptionsError));
  });

  it.each([
    "http://key@host_name:65535/1",
    "http://key@[::1]/1",
    "http://key@xn--bcher-kva.example/1",
  ])("that names a host works: %j", async (dsn) => {
    expect(await problemOf({ dsn })).toBeUndefined();
  });

  it.each([5, true, null, {}, [], Symbol("dsn"), 5n, () => SECRET])(
    "of another type is an `OptionsError`: %o",
    async (dsn) => {
      const message = await problemOf({ dsn });
      expect(message).toMatch(/^`dsn` must be a DSN, or false; got /);
      expect(message).not.toContain(SECRET);
    },
  );

  it.each([
    `https://key:${SECRET}/1`,
    `key:${SECRET}@host/1`,
    `https://host/1?key=${SECRET}`,
    `https://${SECRET}@host:port/1`,
  ])("that is malformed is shown without its secret: %s", async (dsn) => {
    const message = await problemOf({ dsn });
    expect(message).toMatch(/^`dsn` must look like /);
    expect(message).not.toContain(SECRET);
  });
});

describe("the message of a malformed DSN", () => {
  it.each([
    [
      "https://key@127.0.0.1:1/1?x=1#f",
      "a query or a fragment",
      "https://[Filtered]@127.0.0.1:1/1?[Filtered]",
    ],
    ["ftp://key@host/1", "does not begin with https:// or http://", "ftp://[Filtered]@host/1"],
    ['"https://key@host/1"', "in quotes", String.raw`\"https://[Filtered]@host/1\"`],
    ["SENTRY_DSN=https://key@host/1", "name of a variable", "SENTRY_DSN=https://[Filtered]@host/1"],
    [
      "https://key@host/abc",
      "project id, the last part of the path, is not a number",
      "https://[Filtered]@host/abc",
    ],
    ["https://key@host", "no project id", "https://[Filtered]@host"],
    ["https://host/1", "no @ after the public key", "https://host/1"],
    ["https://a-b@host/1", "public key has more than letters", "https://[Filtered]@host/1"],
    [
      "https://key@host:65536/1",
      "host, port or path is invalid",
      "https://[Filtered]@host:65536/1",
    ],
    ["https://key@ho st/1", "space or a control character", "https://[Filtered]@ho st/1"],
    [`https://key@${"h".repeat(3000)}/1`, "more than 2000 characters", "https://[Filtered]@hhh"],
    ["foo", "does not begin with https:// or http://", "foo"],
  ])("names the part at fault, and shows the rest: %s", async (dsn, fault, shown) => {
    const message = await problemOf({ dsn });
    expect(message).toMatch(
      /^`dsn` must look like https:\/\/<public key>@<host>\/<project id>, but /,
    );
    expect(message).toContain(fault);
    expect(message).toContain(`got "${shown}`);
  });

  it("names the variable that it came from, and only then", async () => {
    vi.stubEnv("SENTRY_DSN", "foo");
    expect(await problemOf({})).toMatch(/got "foo" in SENTRY_DSN$/);
    expect(await problemOf({ dsn: "bar" })).toMatch(/got "bar"$/);
  });
});

it("a rate that is no number is shown as the variable has it", async () => {
  vi.stubEnv("SENTRY_TRACES_SAMPLE_RATE", "abc");
  expect(await problemOf({ dsn: false })).toBe(
    '`tracesSampleRate` must be a number from 0 to 1; got "abc" in SENTRY_TRACES_SAMPLE_RATE',
  );
});

it("an address of another option keeps its scheme in the message", async () => {
  const proxy = `socks5://user:${SECRET}@proxy:1080`;
  expect(await problemOf({ dsn: false, transport: { proxy } })).toContain(
    'got "socks5://[Filtered]@proxy:1080"',
  );
});

describe("another address", () => {
  const OPTIONS: readonly ((text: string) => ClientOptions)[] = [
    (tunnel) => ({ tunnel }),
    (spotlight) => ({ spotlight }),
    (proxy) => ({ transport: { proxy } }),
    (entry) => ({ transport: { proxy: "http://proxy", noProxy: [entry] } }),
  ];

  it("of any text works, or is an `OptionsError` without its secret", async () => {
    const withCredentials = anyText.map((text) => text.replace("key:", "user:"));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...OPTIONS), withCredentials, async (optionOf, text) => {
        const dsn = "http://key@127.0.0.1:1/1";
        expect((await problemOf({ dsn, ...optionOf(text) })) ?? "").not.toContain(SECRET);
      }),
      { numRuns: 300 },
    );
  });

  it("in the environment works, is left out, or is an `OptionsError` that names the variable", async () => {
    // Node passes no NUL in variables.
    const variable = anyText.map((text) => text.replaceAll("\0", ""));
    const names = fc.constantFrom(
      "SENTRY_DSN",
      "SENTRY_SPOTLIGHT",
      "HTTP_PROXY",
      "https_proxy",
      "NO_PROXY",
    );
    await fc.assert(
      fc.asyncProperty(names, variable, fc.boolean(), async (name, value, isOn) => {
        vi.stubEnv(name, value);
        const dsn = name === "SENTRY_DSN" ? undefined : "http://key@127.0.0.1:1/1";
        const problem = await problemOf({ dsn, ...(isOn ? { spotlight: true } : {}) });
        vi.unstubAllEnvs();
        expect(problem ?? "").not.toContain(SECRET);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a DSN that is given in the wrong place", () => {
  const dsn = `https://${SECRET}@host/1`;
  const inPlaceOf = (option: string): unknown => ({ [option]: dsn });

  it.each<[string, () => unknown]>([
    ["as the options of a client", () => createClient(dsn as never)],
    ["in upper case", () => createClient(dsn.replace("https", "HTTPS") as never)],
    ["as the options of a processor", () => new SentrySpanProcessor(dsn as never)],
    ["as the options of an exporter", () => new SentrySpanExporter(dsn as never)],
    ["as the options of a log processor", () => new SentryLogRecordProcessor(dsn as never)],
    ["as the options of a sampler", () => new SentrySampler(dsn as never)],
    ["as a URL object", () => createClient(new URL(dsn) as never)],
    ["as a list", () => createClient([dsn] as never)],
    ["as the transport", () => createClient(inPlaceOf("transport") as never)],
    ["as the spool", () => createClient(inPlaceOf("spool") as never)],
    ["as a hook", () => createClient(inPlaceOf("beforeSend") as never)],
    ["as a rate", () => createClient(inPlaceOf("tracesSampleRate") as never)],
    ["as a name", () => createClient({ [dsn]: true } as never)],
    ["as a name in the transport", () => createClient({ transport: { [dsn]: true } } as never)],
    ["as a URL object in `dsn`", () => createClient({ dsn: new URL(dsn) } as never)],
    ["as a list in `dsn`", () => createClient({ dsn: [dsn] } as never)],
    ["as an object in `dsn`", () => createClient({ dsn: { dsn } } as never)],
    ["as a symbol in `dsn`", () => createClient({ dsn: Symbol(dsn) } as never)],
    ["as a URL object in `tunnel`", () => createClient({ tunnel: new URL(dsn) } as never)],
    ["as a list in `ignoreErrors`", () => createClient({ ignoreErrors: [[dsn]] } as never)],
  ])("%s is shown without its key, also in Node's dump of the error", (_, create) => {
    const error = thrownBy(create);
    expect(error).toSatisfy(isOptionsError);
    expect(inspect(error, { depth: 10 })).not.toContain(SECRET);
  });

  it("leads to the right form", () => {
    expect(() => createClient(dsn as never)).toThrow(
      '`options` must be an object: pass `{ dsn: "…" }`; got "https://[Filtered]@host/1"',
    );
    expect(() => createClient(new URL(dsn) as never)).toThrow(
      "`options` must be an object: pass `{ dsn: url.href }`; got an object",
    );
    expect(() => createClient({ dsn: new URL(dsn) } as never)).toThrow(
      "`dsn` must be a DSN, or false, as a string: pass `url.href`; got an object",
    );
  });
});

it.each(["dsn", "tunnel", "spotlight"])("the scheme of `%s` may be in upper case", async (name) => {
  expect(await problemOf({ [name]: "HTTPS://key@127.0.0.1:1/1" })).toBeUndefined();
});

function thrownBy(create: () => unknown): unknown {
  try {
    create();
  } catch (error) {
    return error;
  }
  throw new Error("no error");
}
