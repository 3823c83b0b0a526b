import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { plainText } from "../../src/privacy/plain-text.js";
import { attributePrivacy } from "../../src/privacy/private-attributes.js";
import {
  fragmentOf,
  plainUrl,
  queryOf,
  sanitizeUrl,
  urlWithoutSecrets,
} from "../../src/privacy/url.js";
import { jsonString } from "../../src/support/text.js";
import { times } from "../property/runs.js";

const PARTS = (
  "http:// https:// //host :80 :443 :8080 / /items/1 ? & = # : ; @ user:me@ %74oken token api_key sig Signature x-api-key " +
  "authorization password --password -p curl Bearer Basic sk-proj-abcdefghijklmnopqrstuvwx AKIAABCDEFGHIJKLMNOP eyJhbGciOiJIUzI1 " +
  ".eyJzdWIiOiIxMjM0 hooks.slack.com/services/T00000000/B000000 /bot123456789:AAAAAAAAAAAAAAAAAAAAAA SELECT a,b 'c' = 'c' {'password':'x'} \" \\ { } [ ] < > </ | $1 " +
  "* + - _ . ~ ! ( ) 1 12345678 tenant-7 Zürich \u2028 \ud800 identified by"
).split(" ");
const text = fc
  .array(
    fc.oneof(fc.constantFrom(...PARTS), fc.constantFrom(" ", "\n", "\t", "\0", "a", "-", "")),
    {
      maxLength: 9,
    },
  )
  .map((parts) => parts.join(""));

describe("a plain text", () => {
  it.each([
    ["open", "app.note"],
    ["statement", "db.query.text"],
    ["url", "url.full"],
  ] as const)("is what the filter returns for it, as JSON has it (%s)", (form, name) => {
    const { filter } = attributePrivacy(name, false);
    fc.assert(
      fc.property(text, (value) => {
        const filtered = jsonString(String(filter(value, {})));
        const plain = plainText(form, value);
        expect(plain === undefined ? filtered : `"${plain}"`).toBe(filtered);
      }),
      times(5000),
    );
  });

  it("is ASCII", () => {
    fc.assert(
      fc.property(text, fc.constantFrom("open", "statement", "url"), (value, form) => {
        expect(plainText(form, value) ?? "").toMatch(/^[ -~]*$/);
      }),
      times(2000),
    );
  });
});

describe("a plain URL", () => {
  it("has the parts that the filters for any URL find", () => {
    fc.assert(
      fc.property(text, (url) => {
        const name = sanitizeUrl(url);
        const isSame = fragmentOf(url) === "" && urlWithoutSecrets(url) === url;
        const parts = isSame ? { name, query: queryOf(url) } : undefined;
        expect(plainUrl(url) ?? parts).toEqual(parts);
      }),
      times(5000),
    );
  });

  it("may be asked for again, and after another one", () => {
    const urls = ["http://a/b?c=1", "http://a/b?token=1", "http://a/b?c=1", "http://a/b?c=1"];
    expect(urls.map((url) => plainUrl(url)?.query)).toEqual(["c=1", undefined, "c=1", "c=1"]);
  });
});
