import { types } from "node:util";

import { isRecord } from "../support/foreign.js";
import { cut } from "../support/cut.js";
import type { Attachment } from "../protocol/attachment.js";
import type { AttachmentItem } from "../protocol/envelope.js";

/** Bytes that an attachment may have (protocol: attachments). */
export const MAX_ATTACHMENT_BYTES: number = 20 * 1024 * 1024;

// File names of common systems have up to 255 bytes.
const MAX_NAME_LENGTH = 1024;

/** An event's attachments as items of its envelope. */
export interface AttachmentItems {
  readonly items: readonly AttachmentItem[];
  readonly bytes: number;
  /** How many are not sent, because they are none or too large, and their bytes. */
  readonly refused: number;
  readonly refusedBytes: number;
}

export const NO_ATTACHMENTS: AttachmentItems = Object.freeze({
  items: [],
  bytes: 0,
  refused: 0,
  refusedBytes: 0,
});

/** Makes items of attachments, which the application has passed: they may be anything. */
export function attachmentItems(attachments: readonly Attachment[]): AttachmentItems {
  if (attachments.length === 0) return NO_ATTACHMENTS;
  const items: AttachmentItem[] = [];
  let refused = 0;
  let refusedBytes = 0;
  for (const attachment of attachments) {
    const item = itemOf(attachment);
    if (item !== undefined && item.data.length <= MAX_ATTACHMENT_BYTES) items.push(item);
    else {
      refused += 1;
      refusedBytes += item?.data.length ?? 0;
    }
  }
  const bytes = items.reduce((sum, { data }) => sum + data.length, 0);
  return { items, bytes, refused, refusedBytes };
}

// A text has a byte per character at least: one that is too large for its length alone is not encoded.
function bytesOf(text: string): Uint8Array {
  return Buffer.from(text.slice(0, MAX_ATTACHMENT_BYTES + 1));
}

function itemOf(attachment: unknown): AttachmentItem | undefined {
  if (!isRecord(attachment)) return undefined;
  const { filename, data, contentType, attachmentType } = attachment;
  const bytes = typeof data === "string" ? bytesOf(data) : data;
  if (typeof filename !== "string" || !types.isUint8Array(bytes)) return undefined;
  const members = {
    filename: cut(filename, MAX_NAME_LENGTH),
    content_type: typeof contentType === "string" ? cut(contentType, MAX_NAME_LENGTH) : undefined,
    attachment_type:
      typeof attachmentType === "string" ? cut(attachmentType, MAX_NAME_LENGTH) : undefined,
  };
  return { data: bytes, members: `,${JSON.stringify(members).slice(1, -1)}` };
}
