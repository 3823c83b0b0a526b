// instrumentations: openai
import { createServer } from "node:http";
import OpenAI from "openai";
import { captureException, withIsolationScope } from "otel-sentry-bridge";

import { all, end, inSpan, work } from "../kit.mjs";

const ANSWER = {
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "gpt-4o-2024-08-06",
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "hello" } }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
};
const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(ANSWER));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const client = new OpenAI({
  apiKey: "none",
  baseURL: `http://127.0.0.1:${server.address().port}/v1`,
});
await all((unit) =>
  withIsolationScope(() =>
    inSpan("job", {}, async () => {
      const messages = [{ role: "user", content: `unit ${unit}` }];
      const call = () => client.chat.completions.create({ model: "gpt-4o", messages });
      await work(unit, call).catch(captureException);
    }),
  ),
);
await end();
