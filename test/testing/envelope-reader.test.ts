import type { EventEnvelope } from "@sentry/core";
import { parseEnvelope, serializeEnvelope } from "@sentry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { encodeEnvelope } from "../../src/protocol/envelope.js";
import { readEnvelope } from "../../src/testing/envelope-reader.js";

function read(text: string): ReturnType<typeof readEnvelope> {
  return readEnvelope(Buffer.from(text));
}

function textOf(payload: Uint8Array | undefined): string {
  return Buffer.from(payload ?? []).toString();
}

describe("a well-formed envelope", () => {
  it("is read by its lengths in bytes", () => {
    const { header, items } = read(
      '{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","sent_at":"2026-11-22T10:00:00.123Z"}\n' +
        '{"type":"event","length":27}\n{"message":"café is open"}\n' +
        '{"type":"attachment","length":5,"filename":"a.txt"}\nHello\n',
    );
    expect(header["event_id"]).toBe("9ec79c33ec9942ab8353589fcb2e04dc");
    expect(items.map((item) => item.header)).toEqual([
      { type: "event", length: 27 },
      { type: "attachment", length: 5, filename: "a.txt" },
    ]);
    expect(items[0]?.json()).toEqual({ message: "café is open" });
    expect(textOf(items[1]?.payload)).toBe("Hello");
  });

  it.each([
    ["without items", "{}", 0],
    ["without items, with its newline", "{}\n", 0],
    ["without the last newline", '{}\n{"type":"event","length":2}\n{}', 1],
    ["with an item that has no length", '{}\n{"type":"event"}\n{}\n{"type":"event"}\n{}', 2],
    [
      "with an empty payload",
      '{}\n{"type":"attachment","length":0}\n\n{"type":"event","length":2}\n{}\n',
      2,
    ],
    ["with an empty payload at its end", '{}\n{"type":"attachment","length":0}\n', 1],
    [
      "with the same key at two depths",
      '{"sdk":{"sdk":1,"name":"{\\"sdk\\":"},"trace":[{"sdk":2},{"sdk":3}]}\n',
      0,
    ],
  ])("may be one %s", (_kind, text, items) => {
    expect(read(text).items).toHaveLength(items);
  });

  it("may have newlines inside a payload that has a length", () => {
    expect(textOf(read('{}\n{"type":"attachment","length":3}\na\nb\n').items[0]?.payload)).toBe(
      "a\nb",
    );
  });

  it("is what the encoder writes, for any text", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 50 });
    fc.assert(
      fc.property(text, text, (message, release) => {
        const { body } = encodeEnvelope({
          category: "error",
          itemType: "event",
          payload: JSON.stringify({ message }),
          headerJson: `,"trace":${JSON.stringify({ release })}`,
          contents: [],
        });
        const { header, items } = readEnvelope(body);
        expect(header["trace"]).toEqual({ release });
        expect(items.map((item) => item.json())).toEqual([{ message }]);
      }),
    );
  });

  it("is what the vendor writes, and reads the same", () => {
    const trace = { trace_id: "t", public_key: "k" };
    const event: EventEnvelope = [
      { event_id: "a".repeat(32), sent_at: "2026-11-22T10:00:00.000Z", trace },
      [[{ type: "event" }, { message: "ä\n" }]],
    ];
    const body = Buffer.from(serializeEnvelope(event));
    const [header, items] = parseEnvelope(body);
    const ours = readEnvelope(body);
    expect(ours.header).toEqual(header);
    expect(ours.items.map((item) => item.json())).toEqual(items.map(([, payload]) => payload));
  });

  it("parses a payload once, when it is asked for", () => {
    const [item] = read('{}\n{"type":"event","length":2}\n{}\n').items;
    expect(item?.json()).toBe(item?.json());
    expect(() => read('{}\n{"type":"attachment","length":1}\n{\n').items[0]?.json()).toThrow(
      /payload of item 0 is not JSON/,
    );
  });
});

describe("a malformed envelope", () => {
  it.each([
    ["", "envelope header is empty"],
    ["\n{}", "envelope header is empty"],
    ["[]", "envelope header is not an object"],
    ["null", "envelope header is not an object"],
    ["{nope}", "envelope header is not JSON"],
    ['{"sent_at":"a","sent_at":"b"}', 'envelope header has "sent_at" twice'],
    ['{"a":1,"\\u0061":2}', 'envelope header has "a" twice'],
    ['{}\n{"type":"event","length":3}\n{}', "item 0 announces 3 bytes, but only 2 are left"],
    ['{}\n{"type":"event","length":1}\n{}\n', "item 0 has no newline after its 1 bytes"],
    [
      '{}\n{"type":"event","length":2}\n{}{"type":"event"}\n{}',
      "item 0 has no newline after its 2 bytes",
    ],
    ['{}\n{"type":"event","length":2}\n{}\r\n', "item 0 has no newline after its 2 bytes"],
    ['{}\n{"type":"event","length":-1}\n{}', "item 0 has the length -1"],
    ['{}\n{"type":"event","length":1.5}\n{}', "item 0 has the length 1.5"],
    ['{}\n{"type":"event","length":"2"}\n{}', 'item 0 has the length "2"'],
    ['{}\n{"type":"event","length":null}\n{}', "item 0 has the length null"],
    ['{}\n{"length":2}\n{}', "item 0 has no type"],
    ['{}\n{"type":"","length":2}\n{}', "item 0 has no type"],
    ['{}\n{"type":"event","type":"event","length":2}\n{}', 'header of item 0 has "type" twice'],
    ['{}\n"event"\n{}', "header of item 0 is not an object"],
    ['{}\n{"type":"event"}', "item 0 ends after its header"],
    ['{}\n{"type":"event","length":2}\n{}\n\n', "header of item 1 is empty"],
  ])("is refused with its first fault: %j", (text, message) => {
    expect(() => read(text)).toThrow(`malformed envelope: ${message}`);
  });

  it("is one whose header is not UTF-8", () => {
    expect(() => readEnvelope(Buffer.from([0x22, 0xff, 0x22]))).toThrow(
      "envelope header is not UTF-8",
    );
  });

  it("never passes when an encoded one is cut off inside its payload", () => {
    const payload = JSON.stringify({ text: "ä".repeat(20) });
    const { body } = encodeEnvelope({
      category: "error",
      itemType: "event",
      payload,
      headerJson: "",
      contents: [],
    });
    // The whole payload without the newline after it is legal.
    for (let end = body.length - 2; end > body.indexOf("\n") + 1; end -= 1) {
      expect(() => readEnvelope(body.subarray(0, end))).toThrow("malformed envelope");
    }
  });
});

describe("a header that Relay refuses", () => {
  it.each([
    ['{"trace":{"release":"a\\ud83d"}}', "lone surrogate"],
    ['{"a\\ude00":1}', "lone surrogate"],
    ['{"event_id":"x"}', "not a UUID"],
    ['{"sent_at":"yesterday"}', "not a time"],
  ])("is refused: %s", (header, why) => {
    expect(() => readEnvelope(Buffer.from(`${header}\n`))).toThrow(why);
  });

  it("is refused in an item as well", () => {
    const envelope = '{}\n{"type":"attachment","length":1,"filename":"\\ud83d"}\nx\n';
    expect(() => readEnvelope(Buffer.from(envelope))).toThrow("lone surrogate");
  });

  it("is taken where its surrogates are pairs", () => {
    const { header } = readEnvelope(Buffer.from('{"a":"\\ud83d\\ude00"}\n'));
    expect(header).toEqual({ a: "😀" });
  });
});
