import { redactedText } from "../privacy/redacted.js";
import type { TraceContext } from "../client/capture-input.js";
import type { ClientCore } from "../client/client-core.js";
import type { CheckIn } from "../protocol/items.js";
import { ONE_CHECK_IN } from "../protocol/data-category.js";
import type { JsonRecord } from "../protocol/events.js";
import { clip, headAndTail } from "../support/text.js";
import type { EncodedMonitorConfig, UncheckedMonitorConfig } from "./monitor-config.js";
import { encodeMonitorConfig } from "./monitor-config.js";
import { nodeCrypto } from "../support/built-ins.js";

/** Parameters of `sendCheckIn`. */
interface CheckInToSend {
  readonly checkInId: string;
  /** Reads the check-in. May throw, because the application may pass an object with getters. */
  readonly read: () => CheckIn;
  readonly config: UncheckedMonitorConfig | undefined;
  readonly trace: TraceContext | undefined;
}

// Problems that are remembered, because each is reported once. Limited, because slugs may be generated and so differ
// each time.
const MAX_PROBLEMS = 100;
const reportedProblems = new Set<string>();

/** Sends a check-in. Parts that Sentry would reject are reported as set-up faults. Never throws. */
export function sendCheckIn(client: ClientCore, checkIn: CheckInToSend): void {
  const { checkInId, read, config, trace } = checkIn;
  try {
    const { fields, problems } = encodeCheckIn({ ...read(), checkInId }, config);
    for (const problem of problems) client.diagnostics.faultOnce(kindOf(problem), problem);
    if (fields === undefined) client.ledger.early.record("invalid", ONE_CHECK_IN);
    else client.captureCheckIn({ checkInId, fields, trace });
  } catch (error) {
    client.ledger.early.record("internal_sdk_error", ONE_CHECK_IN);
    client.diagnostics.warnOnce(
      "check-in",
      "a check-in was dropped, because reading it threw an error: pass an object whose properties can be read",
      error,
    );
  }
}

function kindOf(problem: string): string {
  if (reportedProblems.size < MAX_PROBLEMS) reportedProblems.add(problem);
  return reportedProblems.has(problem) ? `check-in:${problem}` : "check-in:more";
}

/** Characters of an invalid slug that a warning shows. */
const MAX_SHOWN_LENGTH = 100;

/** Characters of a slug that are examined. */
const MAX_READ_LENGTH = 1024;

const STATUSES: ReadonlySet<unknown> = new Set(["error", "in_progress", "ok"]);

const UUID = /^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;

/** A check-in in the protocol's form; `fields` is undefined if Sentry would reject it. */
interface EncodedCheckIn {
  readonly fields: JsonRecord | undefined;
  /** Messages about the parts that are not sent, with the reasons. */
  readonly problems: readonly string[];
}

/** Encodes a check-in. Parts of the configuration that Sentry would reject are left out. */
export function encodeCheckIn(
  checkIn: CheckIn,
  config: UncheckedMonitorConfig | undefined,
): EncodedCheckIn {
  const problem = problemOf(checkIn);
  if (problem !== undefined) {
    return { fields: undefined, problems: [`an invalid check-in was not sent: ${problem}`] };
  }
  const { status } = checkIn;
  const monitorSlug = validMonitorSlug(checkIn.monitorSlug);
  const encoded = config === undefined ? undefined : readConfig(config);
  const duration = status === "in_progress" ? undefined : durationOf(checkIn);
  const fields = {
    monitor_slug: monitorSlug,
    status,
    duration,
    monitor_config: encoded?.fields,
  };
  const problems = (encoded?.problems ?? []).map((each) => `monitor ${monitorSlug}: ${each}`);
  if (monitorSlug !== checkIn.monitorSlug) problems.push(changedSlug(checkIn, monitorSlug));
  return { fields, problems };
}

function changedSlug({ monitorSlug }: CheckIn, sent: string): string {
  return (
    `the monitor slug "${clip(redactedText(monitorSlug.slice(0, MAX_READ_LENGTH)), MAX_SHOWN_LENGTH)}" is invalid; its check-ins are sent for ` +
    `the monitor "${sent}". Use at most 50 lower-case letters, digits, "-" and "_".`
  );
}

function problemOf({ monitorSlug, status, checkInId }: CheckIn): string | undefined {
  const isSlug =
    typeof monitorSlug === "string" && /\S/.test(monitorSlug.slice(0, MAX_READ_LENGTH));
  if (!isSlug) return "`monitorSlug` must be a string that is not blank";
  if (checkInId !== undefined && !UUID.test(checkInId)) return "`checkInId` must be a UUID";
  return STATUSES.has(status) ? undefined : '`status` must be "in_progress", "ok" or "error"';
}

// An invalid duration is left out, because the check-in matters more than its duration.
function durationOf({ duration }: CheckIn): number | undefined {
  return typeof duration === "number" && duration >= 0 && duration < Infinity
    ? duration
    : undefined;
}

// A getter of the application may throw; the check-in is then sent without a configuration.
function readConfig(config: UncheckedMonitorConfig): EncodedMonitorConfig {
  try {
    return encodeMonitorConfig(config);
  } catch {
    return {
      fields: undefined,
      problems: [
        "its check-ins are sent without a configuration, because reading it threw an error",
      ],
    };
  }
}

/** Length of the longest slug that Relay accepts, in characters. */
const MAX_SLUG_LENGTH = 50;

const DIGEST_LENGTH = 8;

/** Characters at each end of a long slug that are included in the digest, together with its length. */
const MAX_DIGESTED_LENGTH = 65_536;

const VALID_SLUG = /^(?![\d-]*$)(?![-_])[a-z0-9_-]{1,50}(?<![-_])$/;

/**
 * Returns a monitor slug that Sentry accepts: lower-case letters, digits, `-` and `_`, not only digits, at most 50
 * characters. A valid slug is unchanged; others are converted as by Sentry's server (`Nightly Report!` becomes
 * `nightly-report`). If the result is too long or empty, a digest of the whole slug is appended, so that different
 * slugs stay different.
 */
export function validMonitorSlug(slug: string): string {
  if (VALID_SLUG.test(slug)) return slug;
  const read = slug.slice(0, MAX_READ_LENGTH);
  // A slug may be a command line or a URL. Secrets in it are recognized by signs such as `=`, which the conversion removes.
  const shown = redactedText(read);
  if (shown !== read) return validMonitorSlug(slugify(shown));
  const plain = slugify(read);
  // Sentry does not create monitors whose slug is a number.
  const named = /^[\d-]*$/.test(plain) ? `monitor-${plain}` : plain;
  const isWhole = plain !== "" && named.length <= MAX_SLUG_LENGTH && slug.length <= MAX_READ_LENGTH;
  return isWhole ? named : withDigest(named, slug);
}

function withDigest(named: string, slug: string): string {
  const head = named.slice(0, MAX_SLUG_LENGTH - DIGEST_LENGTH - 1).replace(/[-_]+$/, "");
  return `${head}-${digestOf(slug)}`;
}

// Like Django's `slugify`, which Sentry's monitor consumer applies.
function slugify(slug: string): string {
  return slug
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9_\s-]/g, "")
    .replaceAll(/[-\s]+/g, "-")
    .replaceAll(/^[-_]+|[-_]+$/g, "");
}

function digestOf(slug: string): string {
  const read = headAndTail(slug, MAX_DIGESTED_LENGTH);
  return nodeCrypto()
    .createHash("sha256")
    .update(read, "utf16le")
    .digest("hex")
    .slice(0, DIGEST_LENGTH);
}
