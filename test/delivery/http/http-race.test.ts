import type { Socket } from "node:net";

import { describe, expect, it } from "vitest";

import type { HttpTransport } from "../../../src/delivery/http/http-transport.js";
import type { SendResult } from "../../../src/delivery/transport.js";
import { openTransport } from "./http-support.js";
import { OK, rawServer, sleep } from "./http-servers.js";
import { times } from "../in-sequence.js";
import { envelopeOf } from "../support.js";

const ROUNDS = 150;
const PAUSE_MILLIS = 12;

// As the retry transport does: at once, once, over a new connection.
async function sendTwice(transport: HttpTransport): Promise<SendResult> {
  const envelope = envelopeOf();
  const first = await transport.send(envelope);
  if (first.outcome !== "retryable" || first.phase !== "reused") return first;
  return transport.send(envelope, { newConnection: true });
}

describe("a server that closes idle connections as often as we send", () => {
  it.each([
    ["FIN", (socket: Socket) => void socket.end()],
    ["RST", (socket: Socket) => void socket.resetAndDestroy()],
  ])("loses nothing and processes nearly nothing twice: %s", async (_kind, letGo) => {
    let processed = 0;
    // It still reads what comes after its FIN, and counts it, but cannot answer.
    const server = await rawServer((socket) => {
      processed += 1;
      if (!socket.writable) return;
      socket.write(OK);
      const timer = setTimeout(() => letGo(socket), PAUSE_MILLIS);
      socket.once("data", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
    }, true);
    const transport = openTransport(server.dsn);
    const lost: SendResult[] = [];
    await times(ROUNDS, async (round) => {
      const result = await sendTwice(transport);
      if (result.outcome !== "delivered") lost.push(result);
      await sleep(PAUSE_MILLIS + (round % 3) - 1);
    });
    expect(lost).toEqual([]);
    expect(processed - ROUNDS).toBeLessThanOrEqual(Math.max(2, ROUNDS / 100));
  });
});
