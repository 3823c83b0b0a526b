import { appendItem, encodeEnvelope } from "../protocol/envelope.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { ReportedLoss } from "./loss-table.js";

/** What the server is told of losses (https://develop.sentry.dev/sdk/telemetry/client-reports/). */
export interface ClientReport {
  readonly discarded: readonly ReportedLoss[];
  /** The item's payload, as JSON text. */
  readonly payload: string;
}

const ITEM_TYPE = "client_report";

// Relay drops a report that is larger.
const MAX_PAYLOAD_LENGTH = 4096;

/** Takes losses, one after the other, as long as they fit into one report. */
export class ReportWriter {
  readonly #head: string;
  #members = "";

  constructor(wallClockMillis: number) {
    const timestamp = new Date(wallClockMillis).toISOString();
    this.#head = `{"timestamp":"${timestamp}","discarded_events":[`;
  }

  /** Whether the loss has been added. All of it is ASCII, so that characters are bytes. */
  add({ reason, category, quantity }: ReportedLoss): boolean {
    const comma = this.#members === "" ? "" : ",";
    const member = `${comma}{"reason":"${reason}","category":"${category}","quantity":${quantity}}`;
    const length = this.#head.length + this.#members.length + member.length + "]}".length;
    if (length > MAX_PAYLOAD_LENGTH) return false;
    this.#members += member;
    return true;
  }

  payload(): string {
    return `${this.#head}${this.#members}]}`;
  }
}

/**
 * The envelope with the report as its last item, in a buffer of its own: what the envelope holds, and
 * so what its loss costs, stays the same, and a spool must get the one without.
 */
export function withReport(envelope: EncodedEnvelope, { payload }: ClientReport): EncodedEnvelope {
  return appendItem(envelope, ITEM_TYPE, payload);
}

/** An envelope of the report alone; `headerMembers` as for any envelope. Its own loss costs nothing. */
export function reportEnvelope({ payload }: ClientReport, headerMembers: string): EncodedEnvelope {
  return encodeEnvelope({
    category: "internal",
    itemType: ITEM_TYPE,
    payload,
    headerMembers,
    contents: [],
  });
}
