import type { ClientStats } from "../client/stats.js";
import type { DataCategory } from "../protocol/data-category.js";
import { close, flush, stats } from "../context/global-client.js";
import { SentrySpanProcessor } from "../setup/otel-classes.js";
import {
  installedTraceSdk,
  loadPeer,
  registerContextManager,
  registerProvider,
} from "../setup/trace-sdk.js";
import type { TraceSdk } from "../setup/trace-sdk.js";
import { runShop } from "./demo-shop.js";
import { EXIT_FAILED } from "./terminal.js";
import { runInbox } from "./run-inbox.js";
import type { InboxOptions } from "./run-inbox.js";
import type { Terminal } from "./terminal.js";

/** Options of the `demo` command. */
interface DemoOptions extends Pick<InboxOptions, "open" | "port"> {
  /** Ends the command when everything has arrived, instead of keeping the inbox open. */
  readonly once?: boolean | undefined;
}

/** Runs a small shop that sends its telemetry to an inbox, and prints what has arrived. Resolves to the exit code. */
export async function runDemo(
  { once = false, ...options }: DemoOptions,
  terminal: Terminal,
): Promise<number> {
  const sdk = installedTraceSdk();
  if (sdk === undefined || loadPeer("@opentelemetry/context-async-hooks") === undefined) {
    terminal.complain(
      "The demo needs OpenTelemetry's SDK, which is not installed here. Run: npm install @opentelemetry/api @opentelemetry/sdk-trace-base @opentelemetry/context-async-hooks",
    );
    return EXIT_FAILED;
  }
  let hasArrived = false;
  const exitCode = await runInbox(
    {
      ...options,
      async whenListening({ dsn, url }) {
        terminal.progress("Running the shop…");
        hasArrived = await send(sdk, dsn);
        terminal.progress(undefined);
        const arrived = `${hasArrived ? "Arrived" : "Not everything has arrived, only"}: ${summaryOf(stats())}.`;
        const next = once ? [] : [`See all of it at ${url} (Ctrl-C ends the inbox).`];
        return { lines: ["", arrived, ...next], ends: once };
      },
    },
    terminal,
  );
  await close();
  return hasArrived ? exitCode : EXIT_FAILED;
}

async function send(sdk: TraceSdk, dsn: string): Promise<boolean> {
  const processor = new SentrySpanProcessor({
    dsn,
    environment: "demo",
    release: "demo@1.0.0",
    tracesSampleRate: 1,
  });
  registerContextManager();
  registerProvider(sdk.newProvider([processor], "demo-shop"));
  await runShop();
  return (await flush()) && Object.values(byCategory(stats())).every(isSent);
}

function isSent({ captured, sent }: { captured: number; sent: number }): boolean {
  return captured === sent;
}

function byCategory(counts: ClientStats | undefined): ClientStats["byCategory"] {
  return counts?.byCategory ?? {};
}

// In the order of the output: category, singular, plural.
const NAMES: readonly (readonly [DataCategory, string, string])[] = [
  ["transaction", "transaction", "transactions"],
  ["span", "span", "spans"],
  ["error", "error", "errors"],
  ["log_item", "log", "logs"],
  ["trace_metric", "metric", "metrics"],
  ["monitor", "check-in", "check-ins"],
];

function summaryOf(counts: ClientStats | undefined): string {
  const parts = NAMES.flatMap(([category, one, many]) => {
    const sent = byCategory(counts)[category]?.sent ?? 0;
    return sent === 0 ? [] : [`${sent} ${sent === 1 ? one : many}`];
  });
  return parts.join(", ");
}
