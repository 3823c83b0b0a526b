// activities.mjs
import { setUser } from "otel-sentry-bridge";

/** Each attempt of an activity is a unit of work, and a transaction. */
export async function charge({ user, total }) {
  setUser({ id: user });
  if (total < 0) throw new Error("negative total");
  return `charged ${total}`;
}
