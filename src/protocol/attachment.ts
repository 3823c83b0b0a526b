/** A file that goes with an error event. */
export interface Attachment {
  readonly filename: string;
  /** Text is sent as UTF-8. */
  readonly data: Uint8Array | string;
  /** Default `application/octet-stream`. */
  readonly contentType?: string;
  /** Default `event.attachment`. */
  readonly attachmentType?: string;
}
