import { PassThrough } from "node:stream";
import type { Socket } from "node:net";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { filterContinue } from "../../../src/delivery/http/connection-socket.js";

const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

// All that is read of what comes in pieces.
function readThrough(answers: readonly (readonly string[])[]): string {
  const socket = new PassThrough() as unknown as Socket;
  const filter = filterContinue(socket);
  let text = "";
  for (const pieces of answers) {
    filter.expectAnswer();
    for (const piece of pieces) {
      socket.push(Buffer.from(piece, "latin1"));
      for (let chunk = read(socket); chunk !== undefined; chunk = read(socket)) text += chunk;
    }
  }
  return text;
}

function read(socket: Socket): string | undefined {
  const chunk: unknown = socket.read();
  return Buffer.isBuffer(chunk) ? chunk.toString("latin1") : undefined;
}

function piecesOf(text: string, cuts: readonly number[]): string[] {
  const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length];
  const sorted = ends.toSorted((a, b) => a - b);
  return sorted.map((end, index) => text.slice(sorted[index - 1] ?? 0, end)).filter(Boolean);
}

describe("informational answers", () => {
  it("are removed without changing the response, wherever the chunks end", () => {
    const informational = fc.constantFrom(
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.0 100 Continue\r\nvia: proxy\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
      "HTTP/1.1 100\r\n\r\n",
    );
    const answer = fc.tuple(fc.array(informational, { maxLength: 3 }), fc.array(fc.nat(200)));
    const property = fc.property(fc.array(answer, { minLength: 1, maxLength: 4 }), (answers) => {
      const pieces = answers.map(([before, cuts]) => piecesOf(before.join("") + ANSWER, cuts));
      expect(readThrough(pieces)).toBe(ANSWER.repeat(answers.length));
    });
    fc.assert(property, { numRuns: 200 });
  });

  it.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["bytes", "\0\u0001"],
    ["a head without an end", `HTTP/1.1 100 Continue\r\n${"x".repeat(5000)}`],
    ["a body that looks like one", `${ANSWER}HTTP/1.1 100 Continue\r\n\r\n`],
  ])("are not confused with similar responses: %s", (_what, text) => {
    expect(readThrough([[text]])).toBe(text);
  });
});
