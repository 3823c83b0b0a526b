// One request in ten returns early and leaves its root open. The process ends when nothing is left to do.
import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";

import { bridge, load, serve, tracer } from "./kit.mjs";

await load((id) => {
  const unit = bridge.forkIsolation(ROOT_CONTEXT);
  const root = tracer.startSpan("order", { kind: SpanKind.SERVER }, unit);
  return context.with(trace.setSpan(unit, root), async () => {
    await serve(id);
    if (Number(id) % 10 !== 0) root.end();
  });
});
