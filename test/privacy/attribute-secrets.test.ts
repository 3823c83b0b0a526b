import { beforeEach, describe, expect, it } from "vitest";

import { SPAN_KIND } from "../../src/trace/span.js";
import { AttributeEncoder } from "../../src/spans/attribute-encoder.js";
import { child, kit, root, renewKit } from "../spans/encoder-kit.js";
import { spanOf } from "../spans/hand-made-span.js";

beforeEach(renewKit);

function encoded(attributes: Record<string, unknown>): unknown {
  return JSON.parse(`{${new AttributeEncoder().encode(attributes).text.slice(1)}}`);
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

describe("of a span's attributes", () => {
  it("the decision about a key holds for every value of it", () => {
    const encoder = new AttributeEncoder();
    for (const value of ["one", "two", "two", ["three"], { four: 4 }, "two"]) {
      const { text } = encoder.encode({ "app.password": value, "app.user": "u" });
      expect(text).toBe(',"app.password":"[Filtered]","app.user":"u"');
    }
  });

  it("an address is left out by the kind of each span, and sent when asked for", () => {
    const attributes = { "network.peer.address": "10.0.0.1" };
    const shy = new AttributeEncoder();
    expect(shy.encode(attributes, SPAN_KIND.CLIENT).text).not.toBe("");
    expect(shy.encode(attributes, SPAN_KIND.SERVER).text).toBe("");
    expect(shy.encode(attributes, SPAN_KIND.CLIENT).text).not.toBe("");
    const open = new AttributeEncoder({ sendDefaultPii: true });
    expect(open.encode(attributes, SPAN_KIND.SERVER).text).not.toBe("");
  });

  it("maps and lists are filtered at any depth, also when they hold themselves", () => {
    const map: Record<string, unknown> = {
      list: [{ apiKey: "x", page: 1 }],
      bytes: new Uint8Array(1),
    };
    map["self"] = map;
    expect(encoded({ map })).toEqual({
      map: { list: [{ apiKey: "[Filtered]", page: 1 }], bytes: "AA==", self: "[Circular]" },
    });
  });

  it("those of links are filtered too", () => {
    const context = {
      traceId: "4c79f60c11214eb38604f4ae0781bfb2",
      spanId: "b01b9f6349558cd1",
      traceFlags: 1,
    };
    const links = [{ context, attributes: { token: "x", page: 1 } }];
    expect(child({ links })["links"]).toMatchObject([
      { attributes: { token: "[Filtered]", page: 1 } },
    ]);
  });
});

describe("the secrets of URLs", () => {
  const url = "https://me:pw@h/p?token=x";
  const shown = "https://[Filtered]:[Filtered]@h/p?token=[Filtered]";

  it("do not leave with a description", () => {
    expect(child({ name: `fetch ${url}` })["description"]).toBe(`fetch ${shown}`);
  });

  it("do not leave with a transaction's name", () => {
    const { name } = kit.encoder.head(spanOf({ name: `fetch ${url}` }), 1);
    expect(name).toBe(`fetch ${shown}`);
  });

  it("do not leave with a status message", () => {
    const { data } = root({ status: { code: 2, message: `no answer of ${url}` } });
    expect(data["otel.status_description"]).toBe(`no answer of ${shown}`);
  });
});
