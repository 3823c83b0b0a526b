/** What hooks and event processors are told beside the event. */
export interface EventHint {
  readonly event_id: string;
  /** What was thrown, where the event is of something thrown in this process. */
  readonly originalException?: unknown;
}
