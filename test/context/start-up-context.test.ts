import { context } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { getIsolationScope, setUser, withIsolationScope } from "../../src/index.js";
import { useRulesKit } from "../isolation/rules-kit.js";
import { extract } from "../otel/propagation-kit.js";

const kit = useRulesKit();

// What a server inherits where it begins to listen is active in each of its requests.
function listening(): Context {
  return withIsolationScope(() =>
    kit.tracer.startActiveSpan("start-up", (span) => {
      span.end();
      return context.active();
    }),
  );
}

describe("a server that was started inside a span and a unit", () => {
  it("gives each request without headers a unit of its own once the span has ended", () => {
    const inherited = listening();
    const users = ["anna", "bert"].map((id) =>
      context.with(extract({}, inherited), () => {
        const before = getIsolationScope().data.user;
        setUser({ id });
        return before;
      }),
    );
    expect(users).toEqual([undefined, undefined]);
  });
});
