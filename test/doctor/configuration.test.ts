import { describe, expect, it } from "vitest";

import type { ClientOptions } from "../../src/index.js";
import { badOption, checkConfiguration } from "../../src/doctor/configuration-check.js";
import type { Environment } from "../../src/options/env.js";

const DSN = "https://key@sentry.example/1";

function factsOf(options: ClientOptions, env: Environment = {}): Record<string, string> {
  const { facts } = checkConfiguration(options, { env });
  return Object.fromEntries(facts.map(({ name, value }) => [name, value]));
}

describe("the doctor's facts about the configuration", () => {
  it.each([
    "joe:secret@proxy:3128",
    "http://joe:secret@proxy:3128",
    "http://joe:secret@proxy:3128/?token=secret",
  ])("name a proxy without its secrets: %s", (proxy) => {
    expect(factsOf({ dsn: DSN }, { HTTP_PROXY: proxy })["proxy"]).toBe("proxy:3128");
    expect(factsOf({ dsn: DSN }, { HTTPS_PROXY: "joe:sec/ret@proxy:3128" })["proxy"]).not.toContain(
      "sec",
    );
  });

  it.each<[string, ClientOptions, Environment, string]>([
    ["of the option", { transport: { proxy: "http://a:1" } }, { HTTP_PROXY: "b:2" }, "a:1"],
    ["of the variable", {}, { HTTP_PROXY: "b:2" }, "b:2"],
    ["but not for a host in NO_PROXY", {}, { HTTP_PROXY: "b:2", NO_PROXY: "*" }, "none"],
    [
      "but not if it is switched off",
      { transport: { proxy: false } },
      { HTTP_PROXY: "b:2" },
      "none",
    ],
    [
      "by the tunnel's host",
      { tunnel: "http://here/t" },
      { HTTP_PROXY: "b:2", NO_PROXY: "here" },
      "none",
    ],
  ])("name the proxy that is used, %s", (...[, options, env, expected]) => {
    expect(factsOf({ dsn: DSN, ...options }, env)["proxy"]).toBe(expected);
  });

  it("name a tunnel without credentials and query", () => {
    const tunnel = "http://user:pw@host:9/t?token=secret#secret";

    expect(factsOf({ dsn: DSN, tunnel })["tunnel"]).toBe("http://[Filtered]@host:9/t");
  });

  it("say if the DSN is that of the environment", () => {
    expect(factsOf({ dsn: DSN }, { SENTRY_DSN: ` ${DSN}` })["dsn"]).toMatch(/ \(SENTRY_DSN\)$/);
    expect(factsOf({}, { SENTRY_DSN: DSN })["dsn"]).toMatch(/ \(SENTRY_DSN\)$/);
    expect(factsOf({ dsn: DSN })["dsn"]).toMatch(/ \(option\)$/);
  });
});

describe("the doctor's fix", () => {
  it.each([
    [{ tracesSampleRate: 0 }, {}, "The option tracesSampleRate is 0", "tracesSampleRate: 0.1"],
    [
      { tracesSampleRate: 0 },
      { SENTRY_TRACES_SAMPLE_RATE: "1" },
      "The option tracesSampleRate is 0",
      "tracesSampleRate: 0.1",
    ],
    [
      {},
      { SENTRY_TRACES_SAMPLE_RATE: "0" },
      "SENTRY_TRACES_SAMPLE_RATE is 0",
      "export SENTRY_TRACES_SAMPLE_RATE=0.1",
    ],
    [{ dist: "a/b\n" }, {}, "a dist", "dist: "],
    [{ release: "a/b" }, {}, "a release", "release: "],
    [{ release: "a/b" }, { SENTRY_RELEASE: "a" }, "a release", "release: "],
    [{}, { SENTRY_RELEASE: "a/b" }, "a release", "export SENTRY_RELEASE="],
    [{}, { SENTRY_RELEASE: `a/${"b".repeat(100)}` }, "a release", "export SENTRY_RELEASE="],
  ])("is for the place where it is set: %j, %j", (...[options, env, summary, code]) => {
    const { findings } = checkConfiguration({ dsn: DSN, ...options }, { env });

    expect(findings).toHaveLength(1);
    expect(findings[0]?.summary).toContain(summary);
    expect(findings[0]?.code).toContain(code);
  });
});

it.each([
  ["`a` is not an option; did you mean `b`?", "`a` is not an option; did you mean `b`?"],
  ["`a` must be a number", "`a` must be a number."],
])(
  "the doctor's sentence about an invalid option ends with one punctuation mark: %s",
  (...[message, end]) => {
    expect(badOption(new Error(message)).summary).toBe(`An option is invalid: ${end}`);
  },
);
