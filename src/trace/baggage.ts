import type { DynamicSamplingContext } from "./headers.js";

/** One member of a `baggage` header. */
export interface BaggageMember {
  /** As it stands in the header, without the white space around it. */
  readonly text: string;
  /** Percent-decoded; "" when the member has no key or it cannot be decoded. */
  readonly key: string;
  /** Percent-decoded, with properties (`;…`) as they are; "" when it is empty or cannot be decoded. */
  readonly value: string;
}

// https://www.w3.org/TR/baggage/#limits and the older limits that the OpenTelemetry propagator keeps.
const MAX_BYTES = 8192;
const MAX_MEMBERS = 180;
const MAX_MEMBER_BYTES = 4096;

// A header within the limits has no more parts, however many of them are empty or stale.
const MAX_PARTS = MAX_BYTES;

// What is read of a header: eight times what is kept. A server takes no longer one; a message's headers may be longer.
const MAX_READ_LENGTH = 8 * MAX_BYTES;

const PREFIX = "sentry-";

const PROPERTIES = /^[\t\x20-\x2b\x2d-\x7e]*$/;

/** Takes a `baggage` header apart: its members in their order. Several headers: join them by a comma. */
export function parseBaggage(header: string): BaggageMember[] {
  const members: BaggageMember[] = [];
  for (const part of readable(header).split(",", MAX_PARTS)) {
    const text = part.trim();
    if (text !== "") members.push(parseMember(text));
  }
  return members;
}

/**
 * The `sentry-` members of a `baggage` header without their prefix, frozen; the last of equal keys
 * counts. `undefined` when there is none. Members that are empty, garbled or beyond the limits are
 * left out.
 */
export function sentryMembers(header: string | undefined): DynamicSamplingContext | undefined {
  if (header === undefined || !readable(header).includes(PREFIX)) return undefined;
  const found = new Map<string, string>();
  for (const { key, value } of withinLimits(parseBaggage(header).filter(isSentry))) {
    if (key !== PREFIX && value !== "") found.set(key.slice(PREFIX.length), value);
  }
  return found.size === 0 ? undefined : Object.freeze(Object.fromEntries(found));
}

/**
 * A `baggage` header with the given members in place of all `sentry-` members that it has. Others
 * stay as they are and come first. What does not fit into 8192 bytes, 180 members and 4096 bytes a
 * member is left out.
 */
export function mergeBaggage(existing: string | undefined, dsc: DynamicSamplingContext): string {
  const members =
    existing === undefined ? [] : parseBaggage(existing).filter((member) => !isSentry(member));
  for (const [name, value] of Object.entries(dsc)) {
    if (value !== "") members.push(baggageMember(PREFIX + name, value));
  }
  return withinLimits(members)
    .map((member) => member.text)
    .join(",");
}

/**
 * A `baggage` member, percent-encoded. `properties` go behind it as they are, unless there is a
 * character in them for which Node would refuse the header, or a comma, which begins another member.
 */
export function baggageMember(key: string, value: string, properties?: string): BaggageMember {
  const pair = `${encode(key.slice(0, MAX_BYTES))}=${encode(value.slice(0, MAX_BYTES))}`;
  const isKept = properties !== undefined && PROPERTIES.test(properties);
  return { text: isKept ? `${pair};${properties}` : pair, key, value };
}

// Only whole members: one that is cut would have another value.
function readable(header: string): string {
  if (header.length <= MAX_READ_LENGTH) return header;
  return header.slice(0, Math.max(0, header.lastIndexOf(",", MAX_READ_LENGTH)));
}

function isSentry(member: BaggageMember): boolean {
  return member.key.startsWith(PREFIX);
}

function parseMember(text: string): BaggageMember {
  const equals = text.indexOf("=");
  if (equals === -1) return { text, key: "", value: "" };
  return { text, key: decode(text.slice(0, equals)), value: decode(text.slice(equals + 1)) };
}

function withinLimits(members: readonly BaggageMember[]): BaggageMember[] {
  const kept: BaggageMember[] = [];
  let used = 0;
  for (const member of members) {
    const size = Buffer.byteLength(member.text);
    const comma = kept.length === 0 ? 0 : 1;
    if (size > MAX_MEMBER_BYTES || used + comma + size > MAX_BYTES) continue;
    if (kept.length === MAX_MEMBERS) break;
    used += comma + size;
    kept.push(member);
  }
  return kept;
}

// A lone surrogate, for which `encodeURIComponent` throws, becomes U+FFFD.
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function decode(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.includes("%")) return trimmed;
  try {
    return decodeURIComponent(trimmed);
  } catch {
    return "";
  }
}
