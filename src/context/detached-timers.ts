import type { SetTimer } from "../support/time.js";
import { runDetached } from "./suppress.js";

/**
 * A timer that keeps neither the process alive nor the context of the request in which it was set:
 * a timer that is set again from its own callback would keep the first request's for ever.
 */
export const setDetachedTimer: SetTimer = (run, millis) => {
  const timer = runDetached(() => setTimeout(run, millis).unref());
  return () => clearTimeout(timer);
};
