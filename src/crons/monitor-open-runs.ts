import type { SentryClient } from "../client/client.js";

/** A run that has begun and not ended. */
export interface OpenRun {
  /** Ends it as failed, whatever becomes of its job. Must not throw. */
  giveUp(): void;
  /** It is not remembered any more: it must not be held by anything else. */
  forgotten(): void;
}

// Jobs that never settle must not be held for ever: the oldest is forgotten, and Sentry times it out.
const MAX_OPEN_RUNS = 1000;

const openRuns = new WeakMap<SentryClient, Set<OpenRun>>();

/** Remembers a run until it is forgotten, or its client closes. */
export function rememberRun(client: SentryClient, run: OpenRun): void {
  const runs = runsOf(client);
  runs.add(run);
  if (runs.size <= MAX_OPEN_RUNS) return;
  for (const oldest of runs) {
    runs.delete(oldest);
    oldest.forgotten();
    break;
  }
}

/** Forgets a run that has ended. */
export function forgetRun(client: SentryClient, run: OpenRun): void {
  openRuns.get(client)?.delete(run);
}

// It has not much time left to tell of them.
function giveUpRuns(client: SentryClient): void {
  for (const run of openRuns.get(client) ?? []) run.giveUp();
}

function runsOf(client: SentryClient): Set<OpenRun> {
  const known = openRuns.get(client);
  if (known !== undefined) return known;
  const runs = new Set<OpenRun>();
  openRuns.set(client, runs);
  client.onClosing(() => giveUpRuns(client));
  return runs;
}
