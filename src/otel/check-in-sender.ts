import { encodeCheckIn } from "../capture/check-in.js";
import type { UncheckedMonitorConfig } from "../capture/monitor-config.js";
import type { ErrorTrace } from "../client/capture-input.js";
import type { SentryClient } from "../client/client.js";
import type { CheckIn } from "../protocol/check-in.js";

/** A check-in with all that goes with it. */
export interface CheckInToSend {
  readonly checkIn: CheckIn & { readonly checkInId: string };
  readonly config: UncheckedMonitorConfig | undefined;
  readonly trace: ErrorTrace | undefined;
}

/** Has the client send a check-in; what Sentry could not use of it is a diagnostic. Never throws. */
export function sendCheckIn(client: SentryClient, { checkIn, config, trace }: CheckInToSend): void {
  try {
    const { members, problems } = encodeCheckIn(checkIn, config);
    for (const problem of problems) client.diagnostics.warnOnce("check-in", problem);
    if (members === undefined) return;
    client.captureCheckIn({ checkInId: checkIn.checkInId, members, trace });
  } catch (error) {
    client.diagnostics.warnOnce("check-in", "a check-in could not be read and is lost", error);
  }
}
