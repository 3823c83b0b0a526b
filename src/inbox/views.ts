/** A key and its value as text. */
export type Pair = readonly [key: string, value: string];

/** A span as the inbox shows it. */
export interface ShownSpan {
  readonly id: string;
  readonly parentId: string;
  readonly name: string;
  readonly op: string;
  /** Empty if the span has no status. */
  readonly status: string;
  readonly isFailed: boolean;
  readonly service: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly millis: number;
  /** True for the root of a transaction. */
  readonly isRoot: boolean;
  readonly data: readonly Pair[];
}

/** A breadcrumb. */
export interface BreadcrumbView {
  /** Milliseconds since 1970; 0 if unknown. */
  readonly at: number;
  readonly level: string;
  readonly category: string;
  readonly message: string;
  readonly data: readonly Pair[];
}

/** The scope data of an event. */
export interface ScopeView {
  readonly user: readonly Pair[];
  readonly tags: readonly Pair[];
  readonly breadcrumbs: readonly BreadcrumbView[];
  readonly request: readonly Pair[];
  readonly extra: readonly Pair[];
  /** All contexts except `trace`. */
  readonly contexts: readonly (readonly [name: string, data: readonly Pair[]])[];
  /** Release, environment, host and SDK. */
  readonly process: readonly Pair[];
}

/** A transaction. Its root span is one of the trace's spans. */
export interface TransactionView {
  readonly eventId: string;
  readonly spanId: string;
  readonly name: string;
  readonly service: string;
  readonly scope: ScopeView;
}

/** A stack frame. */
export interface FrameView {
  readonly function: string;
  readonly file: string;
  /** 0 if unknown. */
  readonly line: number;
  readonly column: number;
  readonly isOwn: boolean;
  /** Source lines around the frame's line. */
  readonly source: readonly (readonly [line: number, text: string])[];
}

/** One exception of a chain. */
export interface ExceptionView {
  readonly type: string;
  readonly value: string;
  readonly mechanism: string;
  readonly isHandled: boolean;
  /** The innermost call comes first. */
  readonly frames: readonly FrameView[];
}

/** An error or message event. */
export interface ErrorView {
  readonly eventId: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly level: string;
  readonly title: string;
  /** `file:line` of the innermost frame of the application, else of the innermost frame; empty without frames. */
  readonly location: string;
  readonly transaction: string;
  readonly service: string;
  readonly at: number;
  /** The thrown error comes first, then its causes. */
  readonly exceptions: readonly ExceptionView[];
  readonly scope: ScopeView;
}

/** A log record. */
export interface LogView {
  readonly traceId: string;
  readonly spanId: string;
  readonly at: number;
  readonly level: string;
  readonly body: string;
  readonly attributes: readonly Pair[];
}

/** A measurement of a metric. */
export interface MetricView {
  readonly traceId: string;
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly value: number;
}

/** A check-in of a cron monitor. */
export interface CheckInView {
  readonly id: string;
  readonly traceId: string;
  readonly at: number;
  readonly monitor: string;
  readonly status: string;
  readonly schedule: string;
  readonly environment: string;
  /** Empty while it is in progress. */
  readonly duration: string;
}

/** A finding of the doctor about a trace. */
export interface FindingView {
  readonly traceId: string;
  readonly severity: string;
  /** Rule and name, such as `D1 ended-parent`. */
  readonly rule: string;
  readonly summary: string;
  readonly fix: string;
}

/** Items dropped by an SDK, from its client report. */
export interface DropView {
  readonly category: string;
  readonly reason: string;
  readonly quantity: number;
}

/** One part of a received envelope. */
export type Arrival =
  | {
      readonly kind: "spans";
      readonly traceId: string;
      readonly spans: readonly ShownSpan[];
      /** Absent for standalone spans. */
      readonly transaction?: TransactionView;
    }
  | { readonly kind: "error"; readonly error: ErrorView }
  | { readonly kind: "log"; readonly log: LogView }
  | { readonly kind: "metric"; readonly metric: MetricView }
  | { readonly kind: "checkIn"; readonly checkIn: CheckInView }
  | { readonly kind: "finding"; readonly finding: FindingView }
  | { readonly kind: "drop"; readonly drop: DropView }
  /** An event that has arrived before, `times` times in all; it is shown once. */
  | {
      readonly kind: "repeat";
      readonly type: "error" | "transaction";
      readonly eventId: string;
      readonly times: number;
    }
  /** An item of a type that is only counted. */
  | { readonly kind: "other"; readonly type: string }
  | { readonly kind: "unreadable"; readonly type: string; readonly fault: string };
