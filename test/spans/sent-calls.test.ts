import { describe, expect, it } from "vitest";

import { Chunk } from "../../src/spans/chunk.js";
import { Segment } from "../../src/spans/segment.js";
import { SentCalls } from "../../src/spans/sent-calls.js";
import { originOf } from "./assembler-kit.js";

const CLIENT = '{"span_id":"aaaaaaaaaaaaaaaa","data":{"otel.kind":"CLIENT"}}';
const OTHER = '{"span_id":"bbbbbbbbbbbbbbbb","data":{"otel.kind":"INTERNAL"}}';

describe("the client calls that are kept of a chunk", () => {
  it.each([
    [99, [CLIENT]],
    [100, undefined],
  ])("are among its newest 100 spans: after %i others", (others, expected) => {
    const chunk = new Chunk(CLIENT, 0, false);
    for (let count = 0; count < others; count++) chunk.add(OTHER);
    const segment = new Segment(originOf(), {});
    new SentCalls().keep(segment, chunk);
    expect(segment.sentCalls).toEqual(expected);
  });
});
