import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import type { AttributeBag } from "../../src/trace/span.js";
import { descriptionOf } from "../spans/hand-made-span.js";

const CHAT = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o" };
const TOOL = { "mcp.method.name": "tools/call", "gen_ai.tool.name": "weather" };
const QUERY = { "graphql.operation.type": "query", "graphql.operation.name": "GetUser" };

type Kind = "CLIENT" | "INTERNAL" | "SERVER";

describe("the name of a span of a known family", () => {
  it.each<[string, Kind, AttributeBag]>([
    ["summarize the ticket", "CLIENT", CHAT],
    ["answer from the knowledge base", "INTERNAL", CHAT],
    ["look the weather up", "SERVER", TOOL],
    ["load the profile page", "INTERNAL", QUERY],
    [
      "orders created",
      "SERVER",
      { "messaging.system": "kafka", "messaging.operation.type": "send" },
    ],
    ["charge the card", "CLIENT", { "rpc.system": "grpc", "rpc.service": "Cards" }],
    ["nightly import", "SERVER", { "faas.trigger": "timer" }],
    ["check the session", "INTERNAL", { "express.type": "middleware" }],
  ])("stays where somebody has chosen it: %s", (name, kind, attributes) => {
    const inferred = inferSpan(descriptionOf(kind, attributes, name));
    expect(inferred.description).toBe(name);
    expect(inferred.op).toBe(inferSpan(descriptionOf(kind, attributes, "x")).op);
  });

  it.each<[string, Kind, AttributeBag, string]>([
    ["chat", "CLIENT", CHAT, "chat gpt-4o"],
    ["chat gpt-4o-2024", "CLIENT", CHAT, "chat gpt-4o"],
    ["openai.chat", "CLIENT", CHAT, "chat gpt-4o"],
    ["tools/call", "SERVER", TOOL, "tools/call weather"],
    ["graphql.execute", "INTERNAL", QUERY, "query GetUser"],
    ["query", "INTERNAL", QUERY, "query GetUser"],
  ])("is completed where an instrumentation gave it: %s", (name, ...[kind, attributes, shown]) => {
    expect(inferSpan(descriptionOf(kind, attributes, name)).description).toBe(shown);
  });

  it("of a query is its text, whatever it is called", () => {
    const attributes = { "db.system.name": "postgresql", "db.query.text": "SELECT 1" };
    const span = descriptionOf("CLIENT", attributes, "load the user");
    expect(inferSpan(span).description).toBe("SELECT 1");
    const kept = descriptionOf(
      "CLIENT",
      { ...attributes, "sentry.source": "custom" },
      "load the user",
    );
    expect(inferSpan(kept).description).toBe("load the user");
  });
});
