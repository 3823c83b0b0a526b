import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

import type { Settings } from "../options/options.js";
import { dsnOrigin, parseDsn } from "../protocol/dsn.js";
import { runDetached } from "../context/suppress-tracing.js";
import { seconds } from "./report-text.js";
import { sendTestItems } from "./test-send.js";
import type { TestSend } from "./test-send.js";
import { NOTHING, finding } from "./finding.js";
import type { Examination, Fact, Finding } from "./finding.js";

// Sentry drops a transaction that starts more than a minute ahead; this package corrects smaller differences by `sent_at`.
const MAX_SKEW_MILLIS = 30_000;

/** Looks the server up, sends a test transaction to it, and compares its clock. Never rejects. */
export async function checkServer({ dsn }: Settings): Promise<Examination> {
  if (dsn === undefined) return NOTHING;
  const { host } = parseDsn(dsn);
  const resolved = await runDetached(() => addressOf(host.replaceAll(/[[\]]/g, "")));
  const sent = await sendTestItems({ dsn, isWithError: false });
  const target = new URL(dsnOrigin(parseDsn(dsn))).host;
  return {
    facts: [...resolved, ...roundTrip(sent, target)],
    findings: [...undelivered(sent, target), ...skewed(sent)],
  };
}

// A name that does not resolve is no fault by itself: a proxy may resolve it.
async function addressOf(host: string): Promise<Fact[]> {
  if (isIP(host) !== 0) return [];
  try {
    const { address } = await lookup(host);
    return [{ name: "address", value: `${host} is ${address}` }];
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "?";
    return [{ name: "address", value: `${host} does not resolve here (${code})` }];
  }
}

function roundTrip(sent: TestSend, target: string): Fact[] {
  if (sent.transaction !== "delivered") return [];
  const millis = Math.round(sent.millis);
  return [
    { name: "server", value: `${target} accepted a test transaction in ${millis} ms` },
    { name: "trace", value: sent.traceId },
    ...(sent.skewMillis === undefined
      ? []
      : [{ name: "clock", value: `${seconds(sent.skewMillis)} from the server's` }]),
  ];
}

function undelivered({ transaction, cause, statusCode }: TestSend, target: string): Finding[] {
  if (transaction === "delivered") return [];
  const isRefused = statusCode !== undefined;
  return [
    finding({
      rule: "D18",
      name: isRefused ? "server-refuses" : "server-unreachable",
      summary: `A test transaction could not be delivered to ${target}: ${cause}.`,
      evidence: isRefused
        ? [{ kind: "call", name: `POST ${target}`, id: `HTTP ${statusCode}` }]
        : [],
      mechanism: isRefused
        ? "The server, or a proxy in front of it, will not take what the application sends."
        : "Without an answer, data is dropped after some retries; the option `spool` keeps it on disk.",
      fix: fixFor(statusCode),
    }),
  ];
}

/** Where a DSN is found. */
export const FROM_PROJECT = "from the project's settings in Sentry (Client Keys)";

/** The fix for a DSN that a server does not accept. */
export const DSN_AGAIN = `Copy the DSN again ${FROM_PROJECT}.`;

function fixFor(statusCode: number | undefined): string {
  if (statusCode === undefined)
    return "Check the DSN's host and port, the network, HTTPS_PROXY and NO_PROXY. A certificate of an authority of your own needs `transport.caCerts` or NODE_EXTRA_CA_CERTS.";
  if (statusCode === 429) return "Wait, or raise the project's quota in Sentry.";
  if (statusCode >= 500) return "Look at the server's own logs and at the proxies in front of it.";
  if (statusCode === 413)
    return "Raise the limit of request bodies in the proxy in front of the server.";
  if (statusCode < 400)
    return "Use the server's own address in the DSN: redirects are not followed.";
  if (statusCode === 400)
    return "A proxy may have changed the request, or the server is too old for envelopes.";
  return DSN_AGAIN;
}

function skewed({ skewMillis }: TestSend): Finding[] {
  if (skewMillis === undefined || Math.abs(skewMillis) < MAX_SKEW_MILLIS) return [];
  return [
    finding({
      rule: "D18",
      name: "clock-skew",
      severity: Math.abs(skewMillis) < 10 * MAX_SKEW_MILLIS ? "info" : "warning",
      summary: `This machine's clock is ${seconds(skewMillis)} from the server's.`,
      mechanism: "Spans of services on other machines may seem to begin before their callers.",
      fix: "Synchronize the clock, for example with NTP:",
      code: "timedatectl set-ntp true",
    }),
  ];
}
