// An application that captures what it is told to, and ends as it is told to.
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";

const { SentrySpanProcessor, captureMessage, createClient } = await import(process.env.BRIDGE);

const client = createClient(JSON.parse(process.env.OPTIONS));
const provider = new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor(client)] });
const tracer = provider.getTracer("application");

const COMMANDS = {
  captureErrors(count) {
    for (let index = 0; index < count; index++) captureMessage(`error ${index}`);
  },
  captureTransactions(count) {
    for (let index = 0; index < count; index++) {
      const root = tracer.startSpan(`GET /${index}`, {}, ROOT_CONTEXT);
      tracer.startSpan("child", {}, trace.setSpan(ROOT_CONTEXT, root)).end();
      root.end();
    }
  },
  stats: () => client.stats(),
  flush: (millis) => client.flush(millis),
  close: (millis) => client.close(millis),
  // The event loop is busy: neither sockets nor timers get a turn.
  block(millis) {
    const end = performance.now() + millis;
    while (performance.now() < end);
  },
};

// These have no reply: the process ends.
const ENDINGS = {
  exit: (code) => process.exit(code),
  crash() {
    throw new Error("the application has a bug");
  },
  reject: () => void Promise.reject(new Error("the application has a bug")),
  // Nothing is left to do but what the client may still have.
  runOut: () => process.disconnect(),
  abort: () => process.abort(),
};

process.on("message", ({ id, command, argument }) => {
  const end = ENDINGS[command];
  if (end === undefined) void answer(id, () => COMMANDS[command](argument));
  // Outside of the listener, as the application's own code runs.
  else setImmediate(() => end(argument));
});

async function answer(id, run) {
  const result = await run();
  process.send({ id, result });
}

process.send({ id: 0 });
