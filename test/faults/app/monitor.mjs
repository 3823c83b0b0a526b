// An application that runs one monitored job and ends right after it, as it is told to.
import { once } from "node:events";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const { AsyncLocalStorageContextManager, BasicTracerProvider, ROOT_CONTEXT, context, trace } =
  createRequire(import.meta.url)(process.env.SDK);
const { SentrySpanProcessor, createClient, withMonitor } = await import(process.env.BRIDGE);

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const client = createClient(JSON.parse(process.env.OPTIONS));
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor(client)] }),
);
const never = () => withMonitor("job", () => new Promise(() => {}));
const ENDINGS = {
  // Its promise never settles.
  stuck: () => void never(),
  stuckSpan: () =>
    void trace
      .getTracer("jobs")
      .startSpan("job", { attributes: { "sentry.monitor.slug": "job" } }, ROOT_CONTEXT),
  // It begins when the process has nothing left to do.
  atIdle: () => {
    process.prependOnceListener("beforeExit", () => void withMonitor("job", () => sleep(50)));
  },
  // The parent sends the signal.
  signal: () => {
    void never();
    setInterval(() => {}, 60_000);
    process.stdout.write("running");
  },
  uncaught: () => {
    void never();
    setImmediate(() => {
      throw new Error("elsewhere");
    });
  },
  // During the flush for the error, the job goes on.
  uncaughtButEnds: () => {
    void withMonitor(
      "job",
      () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
    );
    setImmediate(() => {
      throw new Error("elsewhere");
    });
  },
  // Runs nothing: it delivers what another one has left behind, until its input ends.
  deliver: () => once(process.stdin.resume(), "end"),
  runOut: () => withMonitor("job", () => Promise.resolve()),
  exit: async () => {
    await withMonitor("job", () => Promise.resolve());
    process.exit(0);
  },
  // In the turn in which the job has begun: not even its first check-in has left.
  exitAtOnce: () => {
    withMonitor("job", () => undefined);
    process.exit(0);
  },
};

await ENDINGS[process.env.ENDING]();
