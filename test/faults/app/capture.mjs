// An application that captures what it is told to, and ends as it is told to.
import { writeSync } from "node:fs";
import { createRequire } from "node:module";

import { closeOnCrash, fillMemory, hastenTimers, noteTimers, ownSigtermHandler } from "./setup.mjs";

const sdk = createRequire(import.meta.url)(process.env.SDK);
const { AsyncLocalStorageContextManager, BasicTracerProvider } = sdk;
const { DiagLogLevel, ROOT_CONTEXT, context, diag, trace } = sdk;

const setup = JSON.parse(process.env.SETUP);
if (setup.timerFactor !== undefined) hastenTimers(setup.timerFactor);
const noted = noteTimers();

if (setup.warns) diag.setLogger(console, DiagLogLevel.WARN);

const { SentrySpanProcessor, captureMessage, createClient, setExtra } = await import(
  process.env.BRIDGE
);

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const client = createClient(JSON.parse(process.env.OPTIONS));
const provider = new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor(client)] });
const tracer = provider.getTracer("application");

if (setup.onSigterm !== undefined) ownSigtermHandler(setup.onSigterm, client);
if (setup.closesOnCrash) closeOnCrash(client);
if (setup.capturesBeforeExit) process.on("beforeExit", () => void captureMessage("before exit"));
// After the client's own listener, so that it tells what that has left.
process.on("exit", () => {
  const { longestMillis, allMillis } = noted;
  writeSync(
    1,
    JSON.stringify({
      stats: client.stats(),
      longestTimerMillis: longestMillis,
      timersMillis: allMillis,
    }),
  );
});

const COMMANDS = {
  captureErrors(count) {
    for (let index = 0; index < count; index++) captureMessage(`error ${index}`);
  },
  captureLongErrors(count) {
    for (let index = 0; index < 50; index++) setExtra(`${index}`, "x".repeat(10_000));
    COMMANDS.captureErrors(count);
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
  // As by a long computation, neither sockets nor timers get a turn; the tests beside it get the processor.
  block(millis) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
  },
  // Of `break-thread.cjs`.
  endThread: () => globalThis.senderThread.worker.terminate(),
  threadOptions: () => ({
    execArgv: globalThis.senderThread.execArgv,
    env: globalThis.senderThread.env,
  }),
  // All threads of the process, on a system that has users.
  becomeUser: (id) => process.seteuid(id),
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
  outOfMemory: fillMemory,
  sigterm: () => process.kill(process.pid, "SIGTERM"),
  sigint: () => process.kill(process.pid, "SIGINT"),
};

process.on("message", ({ id, command, argument, captured }) => {
  const end = ENDINGS[command];
  if (end === undefined) {
    void answer(id, () => COMMANDS[command](argument));
    return;
  }
  // Outside of the listener, as the application's own code runs.
  setImmediate(() => {
    // In the same turn: nothing of it can have been sent.
    COMMANDS.captureTransactions(captured?.transactions ?? 0);
    COMMANDS.captureErrors(captured?.errors ?? 0);
    COMMANDS.block(captured?.blockMillis ?? 0);
    end(argument);
  });
});

async function answer(id, run) {
  const result = await run();
  process.send({ id, result });
}

process.send({ id: 0 });
