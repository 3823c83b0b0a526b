import type { ErrorEvent } from "./error-event.js";
import type { EventHint } from "./event-hint.js";
import type { TransactionEvent } from "./transaction-event.js";

/** An event of either kind: a transaction has the `type` "transaction", an error event has none. */
export type SentryEvent = ErrorEvent | TransactionEvent;

/** Sees each event; may change it, or drop it with `null`. A promise is awaited for at most 30 seconds. */
export type EventProcessor = (
  event: SentryEvent,
  hint: EventHint,
) => PromiseLike<SentryEvent | null> | SentryEvent | null;
