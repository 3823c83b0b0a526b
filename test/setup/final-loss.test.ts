import { describe, expect, it } from "vitest";

import { faultyApplication, run } from "./faulty-application.js";

const DEAD = "http://key@127.0.0.1:1/1";

function programWith(spool: string): string {
  return `
    setUp(new bridge.SentrySpanProcessor({ ...options, shutdownTimeoutMillis: 300, spool: ${spool} }));
    bridge.captureException(new Error("lost"));`;
}

describe("what is lost at the end", () => {
  it("is told with the advice to keep envelopes in a spool, where there is none", async () => {
    const { stderr } = await run(faultyApplication(), programWith("undefined"), {
      options: { dsn: DEAD },
    });
    expect(stderr).toMatch(/^[^\n]*Lost: 1 error .*with `spool`.*\n$/);
  });

  it("is told without that advice where the spool cannot be used", async () => {
    const program = programWith(`{ directory: "/proc/x" }`);
    const { stderr } = await run(faultyApplication(), program, { options: { dsn: DEAD } });
    const [first, second, ...others] = stderr.trim().split("\n");
    expect(first).toMatch(/the spool directory \/proc\/x cannot be used/);
    expect(second).toMatch(/Lost: 1 error .*they could not be kept in the spool directory either/);
    expect(second).not.toContain("`spool`");
    expect(others).toEqual([]);
  });
});
