// instrumentations:
import * as ai from "ai";
import { MockLanguageModelV3, simulateReadableStream } from "ai/test";
import { captureException, withIsolationScope } from "otel-sentry-bridge";
import { z } from "zod";

import { all, end, inSpan, work } from "../kit.mjs";

// Version 7 has its telemetry in a package of its own.
if (ai.registerTelemetry !== undefined) {
  const { OpenTelemetry } = await import("@ai-sdk/otel");
  ai.registerTelemetry(new OpenTelemetry());
}

const usage = {
  inputTokens: { total: 5, noCache: 5, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 2, text: 2, reasoning: 0 },
};
const reason = (unified) => ({ unified, raw: unified });
const callOf = (unit) => ({
  type: "tool-call",
  toolCallId: `call-${unit}`,
  toolName: "lookUp",
  input: JSON.stringify({ unit }),
});

/** A model that calls the tool first, and then answers. */
function modelOf(unit) {
  const steps = [
    { content: [callOf(unit)], finishReason: reason("tool-calls"), usage, warnings: [] },
    {
      content: [{ type: "text", text: "hello" }],
      finishReason: reason("stop"),
      usage,
      warnings: [],
    },
  ];
  const chunks = [
    { type: "text-start", id: "1" },
    { type: "text-delta", id: "1", delta: "hello" },
    { type: "text-end", id: "1" },
    { type: "finish", finishReason: reason("stop"), usage },
  ];
  return new MockLanguageModelV3({
    provider: "mock",
    modelId: "mock-1",
    doGenerate: async () => steps.shift(),
    doStream: async () => ({ stream: simulateReadableStream({ chunks }) }),
  });
}

const lookUp = ai.tool({
  inputSchema: z.object({ unit: z.number() }),
  execute: ({ unit }) => work(unit),
});

async function ask(unit) {
  const telemetry = { isEnabled: true, functionId: "answer" };
  const common = { model: modelOf(unit), prompt: "question", experimental_telemetry: telemetry };
  const stopWhen = (ai.isStepCount ?? ai.stepCountIs)(2);
  await ai.generateText({ ...common, tools: { lookUp }, stopWhen });
  await ai.streamText(common).text;
}

await all((unit) =>
  withIsolationScope(() => inSpan("job", {}, () => ask(unit).catch(captureException))),
);
await end();
