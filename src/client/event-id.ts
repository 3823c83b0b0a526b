import { nodeCrypto } from "../support/built-ins.js";

const ID_BYTES = 16;
const VERSION_AT = 6;
const VARIANT_AT = 8;

// Random bytes for many ids at once: this takes 0.1 µs per id, a third of the time of `randomUUID` and the removal of
// its dashes.
const random = Buffer.allocUnsafeSlow(256 * ID_BYTES);
let used = random.length;

/** Returns a new event id: a version 4 UUID without dashes (protocol: `event_id`; RFC 9562, section 5.4). */
export function newEventId(): string {
  if (used === random.length) {
    nodeCrypto().randomFillSync(random);
    used = 0;
  }
  const start = used;
  used += ID_BYTES;
  random.writeUInt8(((random[start + VERSION_AT] ?? 0) & 0x0f) | 0x40, start + VERSION_AT);
  random.writeUInt8(((random[start + VARIANT_AT] ?? 0) & 0x3f) | 0x80, start + VARIANT_AT);
  return random.toString("hex", start, used);
}
