import type { CategoryStats, ClientStats } from "../client/stats.js";

const nothing = (): void => undefined;

const NO_ITEMS: CategoryStats = Object.freeze({
  captured: 0,
  sent: 0,
  queued: 0,
  spooled: 0,
  dropped: {},
  droppedEarly: {},
});

/** A `SentryClient` that takes and sends nothing. */
export class InertClient {
  readonly settings: object = Object.freeze({});
  readonly initialScopes: readonly never[] = [];
  readonly isClosed = false;
  readonly addBuffer: () => void = nothing;
  readonly addSpanSource: () => void = nothing;
  readonly captureBatch: () => void = nothing;
  readonly captureCheckIn: () => void = nothing;
  readonly captureError: () => void = nothing;
  readonly captureTransaction: () => void = nothing;
  readonly captureUnfinished: () => void = nothing;
  readonly learnResource: () => void = nothing;
  readonly leave: () => void = nothing;
  readonly letGo: () => void = nothing;
  readonly onClosing: () => void = nothing;
  readonly onEnding: () => void = nothing;
  readonly samplingContext: () => void = nothing;
  readonly segmentOf: () => void = nothing;
  readonly propagatedTrace: () => void = nothing;
  readonly activity = (): number => 0;
  readonly close = (): Promise<boolean> => Promise.resolve(true);
  readonly flush = (): Promise<boolean> => Promise.resolve(true);
  readonly newEventId = (): string => NO_EVENT_ID;
  readonly processMembers = (): object => ({});

  /** Returns counts that are all 0. */
  stats(): Omit<ClientStats, "delivery"> {
    return {
      spans: { ...NO_ITEMS, started: 0, open: 0, buffered: 0 },
      transactions: NO_ITEMS,
      errors: NO_ITEMS,
      byCategory: {},
      envelopesSent: 0,
      queuedBytes: 0,
    };
  }
}

/** The id of no event, which captures return. */
export const NO_EVENT_ID = "00000000000000000000000000000000";
