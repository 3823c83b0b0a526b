import type { Diagnostics } from "../support/diagnostics.js";
import type { Timers } from "../support/time.js";
import { within } from "../support/time.js";

/** How a transport is closed. */
export interface TransportCloseSettings {
  readonly timers: Timers;
  readonly diagnostics: Diagnostics;
  /** Closes it; may throw where it is the application's own. */
  readonly close: () => Promise<unknown>;
}

// What a transport is given to let go of its connections.
const CLOSE_MILLIS = 500;

/** Closes a transport; resolves when it is closed, or after 500 ms. Never rejects. */
export async function closeTransport(settings: TransportCloseSettings): Promise<void> {
  const { timers, diagnostics, close } = settings;
  try {
    await within(timers, CLOSE_MILLIS, close());
  } catch (error) {
    diagnostics.warnOnce("transport", "the transport could not be closed", error);
  }
}
