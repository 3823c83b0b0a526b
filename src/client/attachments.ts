import { types } from "node:util";

import { isRecord } from "../support/foreign.js";
import { redactedText } from "../privacy/redacted.js";
import { secretSearch } from "../privacy/secret-search.js";
import type { SecretSearch } from "../privacy/secret-search.js";
import { cut } from "../support/text.js";
import type { Attachment } from "../protocol/events.js";
import type { AttachmentItem } from "../protocol/envelope.js";

/** Maximum size of an attachment, in bytes (protocol: attachments). */
export const MAX_ATTACHMENT_BYTES: number = 20 * 1024 * 1024;

// Characters of a file name that are sent. Common file systems limit names to 255 bytes.
const MAX_NAME_LENGTH = 1024;

/** An event's attachments as envelope items, and counts of those that are not sent. */
export interface AttachmentItems {
  readonly items: readonly AttachmentItem[];
  readonly bytes: number;
  /** Number of attachments that are invalid or too large. */
  readonly refused: number;
  /** Bytes of the attachments that are too large. */
  readonly refusedBytes: number;
}

export const NO_ATTACHMENTS: AttachmentItems = Object.freeze({
  items: [],
  bytes: 0,
  refused: 0,
  refusedBytes: 0,
});

/** Converts attachments to envelope items. Values of the application are not trusted to have their declared types. */
export function attachmentItems(attachments: readonly Attachment[]): AttachmentItems {
  if (attachments.length === 0) return NO_ATTACHMENTS;
  const items: AttachmentItem[] = [];
  let refused = 0;
  let refusedBytes = 0;
  const search = secretSearch(false);
  for (const attachment of attachments) {
    const item = itemOf(attachment, search);
    if (item !== undefined && item.data.length <= MAX_ATTACHMENT_BYTES) items.push(item);
    else {
      refused += 1;
      refusedBytes += item?.data.length ?? 0;
    }
  }
  const bytes = items.reduce((sum, { data }) => sum + data.length, 0);
  return { items, bytes, refused, refusedBytes };
}

// A character takes at least one byte, so cutting first limits the work for a string that is too large in any case.
function bytesOf(text: string): Uint8Array {
  return Buffer.from(text.slice(0, MAX_ATTACHMENT_BYTES + 1));
}

function itemOf(attachment: unknown, search: SecretSearch): AttachmentItem | undefined {
  if (!isRecord(attachment)) return undefined;
  const { filename, data, contentType, attachmentType } = attachment;
  const bytes = typeof data === "string" ? bytesOf(data) : data;
  if (typeof filename !== "string" || !types.isUint8Array(bytes)) return undefined;
  const fields = {
    filename: shownName(filename, search),
    content_type: typeof contentType === "string" ? shownName(contentType, search) : undefined,
    attachment_type:
      typeof attachmentType === "string" ? cut(attachmentType, MAX_NAME_LENGTH) : undefined,
  };
  return { data: bytes, headerJson: `,${JSON.stringify(fields).slice(1, -1)}` };
}

// Twice the length is searched, so that a secret that is cut off is still recognized.
function shownName(name: string, search: SecretSearch): string {
  return cut(redactedText(name.slice(0, 2 * MAX_NAME_LENGTH), search), MAX_NAME_LENGTH);
}
