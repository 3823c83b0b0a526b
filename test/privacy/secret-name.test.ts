import * as stable from "@opentelemetry/semantic-conventions";
import * as incubating from "@opentelemetry/semantic-conventions/incubating";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isSecretName, mayNameSecret } from "../../src/privacy/secret-name.js";
import { EVERYDAY_NAMES, SECRET_NAMES } from "./everyday-names.js";

/** All attribute names of the semantic conventions, also the deprecated ones. */
const CONVENTIONS = new Set(
  [stable, incubating]
    .flatMap((module) => Object.entries(module))
    .filter(([constant]) => /^(?:ATTR|SEMATTRS|SEMRESATTRS)_/.test(constant))
    .map(([, name]) => name)
    .filter((name) => typeof name === "string"),
);

describe("a name of a secret", () => {
  it("is recognized in every usual spelling", () => {
    expect(new Set(SECRET_NAMES).size).toBeGreaterThan(290);
    expect(SECRET_NAMES.filter((name) => !isSecretName(name))).toEqual([]);
  });

  it("is none of 500 everyday names that look like one", () => {
    expect(new Set(EVERYDAY_NAMES).size).toBeGreaterThan(500);
    expect(EVERYDAY_NAMES.filter(isSecretName)).toEqual([]);
  });

  it("is none of the semantic conventions' attributes", () => {
    expect(CONVENTIONS.size).toBeGreaterThan(950);
    expect([...CONVENTIONS].filter(isSecretName)).toEqual([]);
  });

  it("is recognized again when it was seen before", () => {
    expect([isSecretName("app.apiKey"), isSecretName("app.apiKey")]).toEqual([true, true]);
  });

  it("is recognized below any prefix, and with any digits after it", () => {
    const prefix = fc.stringMatching(/^(?:[b-df-h]{2,6}[._-]){0,3}$/);
    const term = fc.constantFrom(
      "password",
      "apiKey",
      "API_KEY",
      "client-secret",
      "accessToken",
      "jwt",
    );
    fc.assert(
      fc.property(prefix, term, fc.stringMatching(/^(?:_?\d{1,2})?$/), (before, name, digits) => {
        expect(isSecretName(before + name + digits)).toBe(true);
      }),
    );
  });

  it("is recognized with capitals at any letters", () => {
    const term = fc.constantFrom(
      "password",
      "secret",
      "passphrase",
      "apikey",
      "authtoken",
      "credentials",
    );
    fc.assert(
      fc.property(fc.mixedCase(term), (name) => {
        expect(isSecretName(name)).toBe(true);
      }),
    );
  });
});

describe("the first test of a large text", () => {
  it("lets no name of a secret pass", () => {
    expect(SECRET_NAMES.filter((name) => !mayNameSecret(name))).toEqual([]);
    expect(mayNameSecret("cookies")).toBe(true);
    expect(mayNameSecret('{"user":"me","total":12}')).toBe(false);
  });
});
