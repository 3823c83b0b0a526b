import type { ClientAccounting } from "./accounted.js";
import { accountingOf } from "./accounted.js";
import type { App } from "./app.js";
import { waitFor } from "../time/wait-for.js";

/** So many envelopes: one half errors, one half transactions of two spans. */
export function halves(count: number): ClientAccounting["captured"] {
  return { error: count / 2, transaction: count / 2, span: count };
}

/** Captures so many. */
export async function captured(app: App, count: number): Promise<void> {
  await app.captureTransactions(count / 2);
  await app.captureErrors(count / 2);
}

/** Captures, and waits until all of it is in the spool. */
export async function spooled(app: App, count: number): Promise<ClientAccounting> {
  await captured(app, count);
  const stats = await waitFor(() => app.stats(), {
    predicate: ({ errors, transactions }) => errors.spooled + transactions.spooled === count,
    timeoutMillis: 20_000,
  });
  return accountingOf(stats, halves(count));
}

/** The same, and then SIGKILL. */
export async function killedWithSpooled(app: App, count: number): Promise<ClientAccounting> {
  const accounting = await spooled(app, count);
  await app.kill("SIGKILL");
  return accounting;
}
