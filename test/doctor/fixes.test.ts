import { ROOT_CONTEXT } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { withImports } from "../../src/doctor/code-imports.js";
import { checkPackages } from "../../src/doctor/package-checks.js";
import { setTag, setUser } from "../../src/index.js";
import { gateKit } from "./gate-kit.js";
import { directoryWith } from "./installed-kit.js";

const { found, open, over, query, theObserver } = gateKit();

describe("the code of a fix", () => {
  it("has the imports that it needs, after the commands at its start", () => {
    const code =
      "// npm install x\ncontext.with(ROOT_CONTEXT, run);\nnew CompositePropagator(new W3CTraceContextPropagator(), new W3CBaggagePropagator());";

    expect(withImports(code).split("\n").slice(0, -2)).toEqual([
      "// npm install x",
      'import { ROOT_CONTEXT, context } from "@opentelemetry/api";',
      "import {",
      "  CompositePropagator,",
      "  W3CBaggagePropagator,",
      '  W3CTraceContextPropagator } from "@opentelemetry/core";',
    ]);
  });

  it.each([
    "node --import ./instrumentation.mjs app.mjs",
    "export SENTRY_TRACES_SAMPLE_RATE=0.1",
    "tracer.startSpan(name, {\n  links: [{ context: other.spanContext() }] });",
    'import "otel-sentry-bridge/register";\nnew NodeSDK().start();',
  ])("stays as it is without any, or if it is complete: %j", (code) => {
    expect(withImports(code)).toBe(code);
  });
});

describe("a fix", () => {
  it("of a loop that one request has started moves it out of the request", () => {
    query(over(), 5);

    const [late] = theObserver().findings(false);

    expect(late?.fix).toMatch(
      /^Either start the loop in the root context, .* or give each callback/,
    );
    expect(late?.code).toMatch(/import \{ ROOT_CONTEXT, context \}.*withIsolationScope\(tick\)/s);
  });

  it("of orphans is copied into the request, and the finding counts from the first one on", () => {
    const { span, ctx } = open();
    for (let number = 0; number < 20; number += 1) query(ROOT_CONTEXT);
    query(ctx, 20);
    span.end();

    const [orphans] = theObserver().findings(false);

    expect(orphans?.summary).toMatch(/were open; since the first of them, 20 others had one\.$/);
    expect(orphans?.fix).toMatch(/^Either bind the callback while the request is active, or /);
    expect(orphans?.code).toContain("bindContext(handler)); // in the request\n");
  });

  it("of data that is set outside shows the handler of a request, one of its own, and the process", () => {
    over();
    setTag("order", "1");

    const [outside] = theObserver().findings(false);

    expect(outside?.name).toBe("default-isolation-write");
    expect(
      outside?.code?.match(/bindContext\(handle|withIsolationScope\(\(\)|getGlobalScope\(\)/g),
    ).toHaveLength(3);
  });

  it("of errors that Express catches says where its handler belongs", () => {
    for (let number = 0; number < 5; number += 1)
      over("GET /", { "http.response.status_code": 500 });

    expect(theObserver().findings(false)[0]?.code).toContain("catches: after all routes\n");
  });

  it("of a directory without an SDK names both causes", () => {
    const directory = directoryWith({ "@opentelemetry/api": { version: "1.9.1" } });

    const [missing] = checkPackages(directory).findings;

    expect(missing?.mechanism).toMatch(/, unless the application is in another directory\.$/);
    expect(missing?.fix).toMatch(/^Either run the doctor in the application's directory, or /);
  });
});

describe("a user that is set outside of requests, before the first one,", () => {
  it("is a fault if there are several requests", () => {
    setUser({ id: "7" });
    over();
    over();

    expect(found()).toEqual(["D10 warning"]);
    expect(theObserver().findings(false)).toMatchObject([
      { name: "start-up-user", evidence: [{ at: expect.stringContaining("fixes.test.ts") }] },
    ]);
  });

  it.each<[what: string, startUp: () => void, requests: number]>([
    ["there is one, as in a script", () => setUser({ id: "7" }), 1],
    ["it is removed again", () => [{ id: "7" }, null].forEach(setUser), 2],
    ["it is a tag", () => setTag("region", "eu"), 2],
  ])("is none if %s", (_what, startUp, requests) => {
    startUp();
    for (let number = 0; number < requests; number += 1) over();

    expect(found()).toEqual([]);
  });
});
