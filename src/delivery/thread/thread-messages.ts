import type { DataCategory } from "../../protocol/data-category.js";
import type { HttpTransportSettings } from "../http/http-transport.js";
import type { NetworkDefaults } from "../http/network-defaults.js";
import type { TransportState } from "../retrying-http.js";
import type { LimitHeaders, SendOptions, SendResult } from "../transport.js";
import type { PlainError } from "./plain-error.js";

/** The settings of the sender thread, which can be cloned. */
export interface ThreadSettings extends Omit<
  HttpTransportSettings,
  "diagnostics" | "now" | "onDate" | "onRefusalText" | "runDetached" | "steadyNow" | "timers"
> {
  readonly retryOn5xx?: boolean | undefined;
  readonly network: NetworkDefaults;
}

/** Envelopes for the sender thread. Their ids are consecutive numbers. */
export interface BatchMessage {
  readonly kind: "batch";
  readonly firstId: number;
  /** The contents of the envelopes (`contentOf`), in their order. */
  readonly contents: readonly (Uint8Array | string)[];
  readonly categories: readonly DataCategory[];
  /** By index. Most batches have none. */
  readonly options: Readonly<Record<number, SendOptions>> | undefined;
  /** True if sends should fail at once while the server is unreachable. */
  readonly failFast: boolean;
}

/** Indexes into shared memory. The sender thread sets a number to 1; the application's thread can read it, or wait for it, without its event loop. */
export const SIGNALS = {
  /** The thread has started, and reads messages. */
  started: 0,
  /** The thread has answered the message `exit`. */
  exited: 1,
} as const;

/** Messages of the application's thread to the sender thread. */
export type ThreadRequest =
  | BatchMessage
  /** A flush is waiting: held envelopes are attempted now, and results are reported at once. */
  | { readonly kind: "wake" }
  /** Asks when a send may be made. */
  | { readonly kind: "whenDue"; readonly id: number; readonly holdMillis: number }
  /** Asks for a sign of life. */
  | { readonly kind: "ping" }
  /** The process ends: nothing more is sent, and all results are reported before the signal is given. */
  | { readonly kind: "exit" }
  | { readonly kind: "close" };

/** The result of a send, as it is cloned. */
export type PlainResult =
  | Exclude<SendResult, { outcome: "retryable" }>
  | (Omit<Extract<SendResult, { outcome: "retryable" }>, "error"> & { readonly error: PlainError })
  /** A rate limit took effect before the envelope was sent. */
  | { readonly outcome: "unsent" };

/** The state of the transport, as it is cloned. */
export interface PlainState extends Omit<TransportState, "lastError" | "unanswered"> {
  readonly lastError: PlainError | undefined;
  readonly unanswered: { readonly isWritten: boolean; readonly waitedMillis: number } | undefined;
}

/** A message for the diagnostics of the client. */
interface PlainDiagnostic {
  readonly method: "faultOnce" | "warnOnce";
  readonly about: string;
  readonly message: string;
  readonly cause: PlainError | undefined;
}

/** Messages of the sender thread to the application's thread. */
export type ThreadReply =
  | {
      readonly kind: "results";
      /** Envelopes that the server has accepted with status 200 and without rate limits. */
      readonly accepted: readonly number[];
      readonly others: readonly (readonly [id: number, result: PlainResult])[];
      readonly state: PlainState;
    }
  | { readonly kind: "due"; readonly id: number; readonly isDue: boolean }
  | ({ readonly kind: "diagnostic" } & PlainDiagnostic)
  | { readonly kind: "alive" }
  | { readonly kind: "closed" };

const NO_LIMITS: LimitHeaders = Object.freeze({ rateLimits: undefined, retryAfter: undefined });

/** The result of an envelope in `accepted`. */
export const ACCEPTED: SendResult = Object.freeze({
  outcome: "delivered",
  statusCode: 200,
  limits: NO_LIMITS,
});

/** Tells whether a result equals `ACCEPTED`. */
export function isAccepted(result: SendResult): boolean {
  if (result.outcome !== "delivered" || result.statusCode !== 200) return false;
  return result.limits.rateLimits === undefined && result.limits.retryAfter === undefined;
}
