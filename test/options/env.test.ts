import { describe, expect, it, vi } from "vitest";

import { optionsFromEnvironment } from "../../src/options/option-table.js";
import type { ClientOptions } from "../../src/options/options.js";
import { resolveOptions } from "../../src/options/resolve.js";
import { OptionsError } from "../../src/protocol/errors.js";

describe("the environment's options", () => {
  it("are those of Sentry's SDKs", () => {
    expect(
      optionsFromEnvironment({
        SENTRY_DSN: "https://key@host/1",
        SENTRY_RELEASE: "shop@1",
        SENTRY_ENVIRONMENT: "staging",
        SENTRY_TRACES_SAMPLE_RATE: "0.25",
        SENTRY_DEBUG: "1",
        SENTRY_SPOTLIGHT: "true",
      }),
    ).toMatchObject({
      dsn: "https://key@host/1",
      release: "shop@1",
      environment: "staging",
      tracesSampleRate: 0.25,
      debug: true,
      spotlight: true,
    });
  });

  it.each([
    {},
    { SENTRY_DSN: "", SENTRY_RELEASE: " ", SENTRY_TRACES_SAMPLE_RATE: "", SENTRY_SPOTLIGHT: "" },
  ])("are unset where a variable is missing or empty", (env) => {
    const options = optionsFromEnvironment(env);
    for (const value of [
      options.dsn,
      options.release,
      options.environment,
      options.tracesSampleRate,
      options.spotlight,
    ]) {
      expect(value).toBeUndefined();
    }
    expect(options.debug ?? false).toBe(false);
  });

  it.each([
    ["true", true],
    ["T", true],
    ["yes", true],
    ["on", true],
    ["1", true],
    ["false", false],
    ["F", false],
    ["no", false],
    ["off", false],
    ["0", false],
    ["http://localhost:1234/stream", "http://localhost:1234/stream"],
  ])("read %j for SENTRY_SPOTLIGHT as %j", (text, value) => {
    expect(optionsFromEnvironment({ SENTRY_SPOTLIGHT: text }).spotlight).toBe(value);
  });

  it.each(["abc", "1.5", "-1", "50%"])("are refused when the rate is %j", (text) => {
    const environment = optionsFromEnvironment({ SENTRY_TRACES_SAMPLE_RATE: text });
    expect(() => resolveOptions({}, environment)).toThrow(OptionsError);
    expect(() => resolveOptions({}, environment)).toThrow(
      /^`tracesSampleRate` must be .* in SENTRY_TRACES_SAMPLE_RATE$/,
    );
  });

  it("need not be valid if code overrides them", () => {
    const environment = optionsFromEnvironment({ SENTRY_TRACES_SAMPLE_RATE: "abc" });
    expect(resolveOptions({ tracesSampleRate: 0.5 }, environment).tracesSampleRate).toBe(0.5);
  });

  it("are those of the process by default", () => {
    vi.stubEnv("SENTRY_RELEASE", "of-the-process");
    expect(optionsFromEnvironment().release).toBe("of-the-process");
    expect(resolveOptions().release).toBe("of-the-process");
    vi.unstubAllEnvs();
  });
});

describe("spotlight", () => {
  const URL_OF_ENVIRONMENT = "http://localhost:1234/stream";
  it.each<[ClientOptions["spotlight"], ClientOptions["spotlight"], string | undefined]>([
    [undefined, undefined, undefined],
    [true, undefined, "http://localhost:8969/stream"],
    [undefined, true, "http://localhost:8969/stream"],
    ["http://other:1/stream", true, "http://other:1/stream"],
    ["http://other:1/stream", URL_OF_ENVIRONMENT, "http://other:1/stream"],
    [true, URL_OF_ENVIRONMENT, URL_OF_ENVIRONMENT],
    [false, URL_OF_ENVIRONMENT, undefined],
    [false, true, undefined],
    [undefined, false, undefined],
    [true, false, "http://localhost:8969/stream"],
  ])("%o in code and %o in the environment result in %o", (code, environment, url) => {
    expect(resolveOptions({ spotlight: code }, { spotlight: environment }).spotlight).toBe(url);
  });
});
