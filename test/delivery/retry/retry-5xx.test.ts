import { describe, expect, it } from "vitest";

import { answered, failed, retryBench } from "./retry-bench.js";
import { DELIVERED } from "../support.js";

describe("with `retryOn5xx`", () => {
  it.each([502, 503, 504])("%i is tried again after a back-off", async (status) => {
    const { inner, timers, send, pass } = retryBench({ retryOn5xx: true });
    inner.script.push(answered(status), answered(status));
    const { outcomes } = send();
    await timers.turn();
    await pass(5000);
    expect(outcomes).toEqual([DELIVERED]);
    expect(inner.transmissions.map(({ at }) => at)).toEqual([0, 750, 2250]);
  });

  it("the third refusal is the last", async () => {
    const { inner, timers, send, pass } = retryBench({ retryOn5xx: true });
    inner.otherwise = answered(503);
    const { outcomes } = send();
    await timers.turn();
    await pass(60_000);
    expect(outcomes).toEqual([answered(503)]);
    expect(inner.transmissions).toHaveLength(3);
  });

  it("waits for as long as the server asks", async () => {
    const { inner, timers, send, pass } = retryBench({ retryOn5xx: true });
    inner.script.push(answered(503, "7.5"));
    send();
    await timers.turn();
    await pass(10_000);
    expect(inner.transmissions.map(({ at }) => at)).toEqual([0, 7500]);
  });

  it.each(["-5", "0", ""])("backs off where the server asks for %j", async (header) => {
    const { inner, timers, send, pass } = retryBench({ retryOn5xx: true });
    inner.script.push(answered(503, header));
    send();
    await timers.turn();
    await pass(10_000);
    expect(inner.transmissions.map(({ at }) => at)).toEqual([0, 750]);
  });

  it("waits for a minute where the server asks for a time that cannot be read", async () => {
    const { inner, timers, send, pass } = retryBench({ retryOn5xx: true });
    inner.script.push(answered(503, "soon"));
    send();
    await timers.turn();
    await pass(61_000);
    expect(inner.transmissions.map(({ at }) => at)).toEqual([0, 60_000]);
  });

  it("a server that asks for more than 2 minutes has refused", async () => {
    const { inner, timers, send } = retryBench({ retryOn5xx: true });
    inner.script.push(answered(503, "121"));
    const { outcomes } = send();
    await timers.turn();
    expect(outcomes).toEqual([answered(503, "121")]);
    expect(timers.pending).toBe(0);
  });

  it("a wait that the server asked for is not cut short by a flush", async () => {
    const { inner, timers, send, transport } = retryBench({ retryOn5xx: true });
    inner.script.push(answered(503, "7"));
    send();
    await timers.turn();
    transport.wake();
    await timers.turn();
    expect(inner.transmissions).toHaveLength(1);
  });

  it("the refusal is what is returned when the server cannot be reached any more", async () => {
    const { inner, timers, send, pass } = retryBench({ retryOn5xx: true });
    inner.script.push(answered(502));
    inner.otherwise = failed("connect");
    const { outcomes } = send();
    await timers.turn();
    await pass(121_000);
    expect(outcomes).toEqual([answered(502)]);
  });

  it("500 is a rejection all the same", async () => {
    const { inner, timers, send } = retryBench({ retryOn5xx: true });
    inner.script.push(answered(500));
    const { outcomes } = send();
    await timers.turn();
    expect(outcomes).toEqual([answered(500)]);
  });
});
