import { encodeCheckIn } from "./build-check-in.js";
import type { UncheckedMonitorConfig } from "./monitor-config.js";
import type { ErrorTrace } from "../client/capture-input.js";
import type { SentryClient } from "../client/client.js";
import { ONE_CHECK_IN } from "../protocol/data-category.js";
import type { CheckIn } from "../protocol/items.js";

/** A check-in with all that goes with it. */
export interface CheckInToSend {
  readonly checkInId: string;
  /** The check-in; what the application passes may throw when it is read. */
  readonly read: () => CheckIn;
  readonly config: UncheckedMonitorConfig | undefined;
  readonly trace: ErrorTrace | undefined;
}

// Each problem once, but not without end: a slug may be another one each time.
const MAX_PROBLEMS = 100;
const toldProblems = new Set<string>();

/** Has the client send a check-in; what Sentry could not use of it is a set-up fault. Never throws. */
export function sendCheckIn(client: SentryClient, checkIn: CheckInToSend): void {
  const { checkInId, read, config, trace } = checkIn;
  try {
    const { members, problems } = encodeCheckIn({ ...read(), checkInId }, config);
    for (const problem of problems) client.diagnostics.faultOnce(kindOf(problem), problem);
    if (members === undefined) client.ledger.early.record("invalid", ONE_CHECK_IN);
    else client.captureCheckIn({ checkInId, members, trace });
  } catch (error) {
    client.ledger.early.record("internal_sdk_error", ONE_CHECK_IN);
    client.diagnostics.warnOnce("check-in", "a check-in could not be read and is lost", error);
  }
}

function kindOf(problem: string): string {
  if (toldProblems.size < MAX_PROBLEMS) toldProblems.add(problem);
  return toldProblems.has(problem) ? `check-in:${problem}` : "check-in:more";
}
