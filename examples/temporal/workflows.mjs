// workflows.mjs
// Temporal runs this file in a sandbox: do not import otel-sentry-bridge here.
import { proxyActivities } from "@temporalio/workflow";

const { charge } = proxyActivities({
  startToCloseTimeout: "10s",
  retry: { maximumAttempts: 1 },
});

export async function order(details) {
  return await charge(details);
}
