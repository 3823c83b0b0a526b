import { describe, expect, it } from "vitest";

import { fatalFinding } from "../../src/doctor/fatal-error.js";

/** An exception with this message and innermost frame. */
function thrownAt(frame: string, message = "failed"): Error {
  return Object.assign(new Error(message), { stack: `Error: ${message}\n    at ${frame}` });
}

describe("the finding for an exception before the first span", () => {
  it("has no password of a URL", () => {
    const thrown = new Error("cannot reach postgres://admin:hunter2hunter2@db/x\u001b[2J");

    const text = JSON.stringify(fatalFinding({ thrown }));

    expect(text).toContain("cannot reach postgres://");
    expect(text).not.toMatch(/hunter2|u001b/);
  });

  it("names the call site in an application whose files end with `.cjs`", () => {
    const thrown = thrownAt("start (/app/server.cjs:7:5)");

    expect(fatalFinding({ thrown }).evidence[0]?.at).toMatch(/app\/server\.cjs:7:5$/);
  });

  it("says that the process ended, not that its set-up is wrong", () => {
    const { name, summary, mechanism } = fatalFinding({ thrown: new Error("EADDRINUSE") });

    expect(name).toBe("ended-early");
    expect(summary).toBe("An exception ended the process before its first span: Error: EADDRINUSE");
    expect(mechanism).not.toContain("set-up");
  });
});
