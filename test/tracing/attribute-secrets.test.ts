import { describe, expect, it } from "vitest";

import { AttributeEncoder } from "../../src/tracing/attribute-encoder.js";

function encoded(attributes: Record<string, unknown>): unknown {
  return JSON.parse(`{${new AttributeEncoder().members(attributes).text.slice(1)}}`);
}

describe("secrets in URLs do not leave with a span's attributes:", () => {
  it.each([
    [
      "url.full",
      "https://me:pass@api.example/v1?token=abc&page=2",
      "https://[Filtered]:[Filtered]@api.example/v1?token=[Filtered]&page=2",
    ],
    [
      "http.url",
      "http://api.example:8080/v1?api_key=abc#part",
      "http://api.example:8080/v1?api_key=[Filtered]#part",
    ],
    ["http.target", "/login?password=abc", "/login?password=[Filtered]"],
    ["url.query", "access_token=abc&q=shoes", "access_token=[Filtered]&q=shoes"],
  ])("%s", (key, given, shown) => {
    expect(encoded({ [key]: given })).toEqual({ [key]: shown });
  });

  it("and what holds none stays as it is", () => {
    const attributes = {
      "url.full": "https://api.example:443/v1?q=a%20b#x",
      "url.path": "/v1",
      "url.query": "",
    };
    expect(encoded(attributes)).toEqual(attributes);
  });
});
