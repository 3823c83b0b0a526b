// What an application of a test has beside its client: handlers of its own, and faster timers.

/**
 * Lets all timers of this process go faster; to be called before anything takes `setTimeout`.
 * @param {number} factor
 */
export function hastenTimers(factor) {
  const realTimeout = globalThis.setTimeout;
  globalThis.setTimeout = (run, millis = 0, ...rest) => realTimeout(run, millis / factor, ...rest);
}

/**
 * Notes the longest timer that came due and kept the process alive until then, and the time of
 * all together; to be called before anything takes
 * `setTimeout`. It tells what the process waited for, however slow the machine is.
 */
export function noteTimers() {
  const noted = { longestMillis: 0, allMillis: 0 };
  let waitedUntil = 0;
  const realTimeout = globalThis.setTimeout;
  globalThis.setTimeout = (run, millis = 0, ...rest) => {
    const startedAt = performance.now();
    const timer = realTimeout(() => {
      if (timer.hasRef()) {
        noted.longestMillis = Math.max(noted.longestMillis, Math.ceil(millis));
        const dueAt = startedAt + millis;
        noted.allMillis += Math.max(0, dueAt - Math.max(startedAt, waitedUntil));
        waitedUntil = Math.max(waitedUntil, dueAt);
      }
      run(...rest);
    }, millis);
    return timer;
  };
  return noted;
}

/**
 * @param {NonNullable<import("../app.ts").AppSetup["onSigterm"]>} kind
 * @param {import("../../../src/index.js").SentryClient} client
 */
export function ownSigtermHandler(kind, client) {
  const handlers = {
    exit: () => process.exit(3),
    close: async () => {
      await client.close();
      process.exit(3);
    },
    runOut: () => {
      process.exitCode = 3;
      process.disconnect();
    },
  };
  if (kind === "runOutOnce") process.once("SIGTERM", handlers.runOut);
  else process.on("SIGTERM", handlers[kind]);
}

/** An application that closes the client before it ends for its own bug. */
export function closeOnCrash(client) {
  process.on("uncaughtException", async () => {
    await client.close();
    process.exit(1);
  });
}

/** Fills the heap until V8 gives up. */
export function fillMemory() {
  const held = [];
  for (;;) held.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
}
