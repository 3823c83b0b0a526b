import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { validMonitorSlug } from "../../src/crons/send-check-in.js";
import { redactedField, redactedText } from "../../src/privacy/redacted.js";
import { runs } from "../property/runs.js";

const SECRET = "hunter2x";

/** Values that begin or end like a placeholder, and hold more. */
const lookalike = fc.constantFrom(
  SECRET,
  `{a}${SECRET}`,
  `\${X}${SECRET}`,
  `{{x}}${SECRET}`,
  `<x>${SECRET}`,
  `***${SECRET}`,
  `%s${SECRET}`,
  `$1${SECRET}`,
  `[x]${SECRET}`,
  `f(${SECRET}`,
  `f(x)${SECRET}`,
  `null${SECRET}`,
  `xxx${SECRET}`,
  `...${SECRET}`,
  `\${PASSWORD:-${SECRET}}`,
);

const name = fc.constantFrom("password", "DB_PASSWORD", "apiKey", "client_secret", "x-auth-token");

type Notation = (name: string, value: string) => string;

const tight: Record<string, Notation> = {
  "as a variable": (key, value) => `${key}=${value}`,
  "in double quotes": (key, value) => `${key}="${value}"`,
  "in single quotes": (key, value) => `run ${key}='${value}' now`,
  "in quotes with a space": (key, value) => `${key}="${value} rest"`,
  "as JSON": (key, value) => JSON.stringify({ user: "me", [key]: value, n: 1 }),
  "as JSON behind words": (key, value) => `sent ${JSON.stringify({ [key]: value })} to h`,
  "as JSON with glued strings": (key, value) => `{"user":"me","${key}":"a""${value}","n":1}`,
  "as JSON with doubled quotes": (key, value) => `{${key}: 'a''${value}', user: 'me'}`,
  "as JSON with strings side by side": (key, value) => `{${key}: "a" "${value}"}`,
  "as JSON with a glued word": (key, value) => `{"${key}":"a"${value.replaceAll(/\W/g, "")}}`,
  "as quoted YAML": (key, value) => `user: me\n${key}: "${value}"\n`,
};

describe("a planted secret", () => {
  it.each(Object.entries(tight))("is withheld whatever it looks like: %s", (_what, write) => {
    fc.assert(
      fc.property(name, lookalike, (key, value) => {
        const text = write(key, value);
        expect(redactedText(text)).not.toContain(SECRET);
        for (const field of ["note", "url", "body", "query"])
          expect(redactedField(field, text)).not.toContain(SECRET);
      }),
      { numRuns: runs(300) },
    );
  });

  it("is no part of a monitor's slug", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(tight)), name, (write, key) => {
        expect(validMonitorSlug(write(key, SECRET))).not.toContain(SECRET);
      }),
    );
    expect(validMonitorSlug("Nightly Report!")).toBe("nightly-report");
    expect(validMonitorSlug("token=hunter2x nightly")).toMatch(/^[a-z][a-z0-9-]{1,49}$/);
  });
});

describe("a whole placeholder", () => {
  it.each([
    "${PASSWORD}",
    "${{ secrets.X }}",
    "{password}",
    "{{x}}",
    "<password>",
    "<your password>",
    "$1",
    "%s",
    "%(pw)s",
    "***",
    "[hidden]",
    "getPassword()",
    "read(env.X)",
    "ask(a, b)",
    "null",
    "",
  ])("is sent: %s", (value) => {
    expect(redactedText(`password=${value}`)).toBe(`password=${value}`);
  });
});

describe("a string of JSON that something follows", () => {
  it.each([
    ['{"a":"x" "b":"y"}', '{"a":"x" "b":"y"}'],
    ['{"password":"x" "user":"me"}', '{"password":"[Filtered]" "user":"me"}'],
    ['{"password":"x""user":"me"}', '{"password":"[Filtered]""user":"me"}'],
    ['{"password":"x" user:"me"}', '{"password":"[Filtered]" user:"me"}'],
    ['{"note":"a" "https://h/?token=x"}', '{"note":"ahttps://h/?token=[Filtered]"}'],
    ['{"password":"x"}\n{"user":"me"}', '{"password":"[Filtered]"}\n{"user":"me"}'],
  ])("%s is sent as %s", (text, sent) => {
    expect(redactedText(text)).toBe(sent);
  });
});
