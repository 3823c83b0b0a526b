// app.mjs
import cron from "node-cron";
import { instrumentNodeCron } from "otel-sentry-bridge";

const scheduler = instrumentNodeCron(cron);

const report = scheduler.schedule("0 3 * * *", sendReport, {
  name: "nightly-report",
  timezone: "Europe/Vienna",
});

async function sendReport() {
  console.log("sending the report");
}

// The example does not wait until three o'clock.
await report.execute();
await report.destroy();
