import { describe, expect, it } from "vitest";

import { captureException, stats, withIsolationScope } from "../../src/index.js";
import { startBridge } from "./bridge.js";

describe("attachments", () => {
  it("go in the event's envelope, byte by byte, and are accounted for", async () => {
    const bridge = startBridge();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    withIsolationScope((scope) => {
      scope.addAttachment({ filename: "all.bin", data: bytes });
      captureException(new Error("with files"), {
        attachments: [{ filename: "note.txt", data: "grüße\n", contentType: "text/plain" }],
      });
    });
    await bridge.client.flush();
    const [envelope] = bridge.transport.envelopes;
    const files = envelope?.items.slice(1) ?? [];
    expect(envelope?.items[0]?.header.type).toBe("event");
    expect(
      files.map(({ header }) => [header.type, header["filename"], header["content_type"]]),
    ).toEqual([
      ["attachment", "all.bin", undefined],
      ["attachment", "note.txt", "text/plain"],
    ]);
    expect(Buffer.from(files[0]?.payload ?? []).equals(Buffer.from(bytes))).toBe(true);
    expect(Buffer.from(files[1]?.payload ?? []).toString()).toBe("grüße\n");
    expect(stats()?.byCategory.attachment).toMatchObject({ captured: 264, sent: 264 });
  });

  it("that are invalid or too large are dropped and counted; the event is sent", async () => {
    const bridge = startBridge({ maxBufferedBytes: 1e9 });
    const large = new Uint8Array(20 * 1024 * 1024 + 1);
    captureException(new Error("without"), {
      attachments: [{ filename: "large", data: large }, {}, { filename: 5, data: "x" }] as never,
    });
    await bridge.client.flush();
    const types = bridge.transport.envelopes[0]?.items.map(({ header }) => header.type);
    expect(types).toEqual(["event", "client_report"]);
    expect(stats()?.byCategory.attachment?.dropped).toEqual({ invalid: large.length });
  });
});
