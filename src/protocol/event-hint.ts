/** Second argument of hooks and event processors. */
export interface EventHint {
  readonly event_id: string;
  /** The thrown value, for an event about something thrown in this process. */
  readonly originalException?: unknown;
}
