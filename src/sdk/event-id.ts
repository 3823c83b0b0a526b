import { randomUUID } from "node:crypto";

/** A new event id: 32 hexadecimal digits (protocol: `event_id`). Cut by position: replacing takes thrice as long. */
export function newEventId(): string {
  const id = randomUUID();
  return id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24);
}
