import type { DynamicSamplingContext } from "./headers.js";

/** One member of a `baggage` header. */
interface BaggageMember {
  /** The text in the header, without surrounding white space. */
  readonly text: string;
  /** Percent-decoded key; "" if the member has none or it cannot be decoded. */
  readonly key: string;
  /** Percent-decoded value with its properties (`;…`); "" if it is empty or cannot be decoded. */
  readonly value: string;
}

// The limits of https://www.w3.org/TR/baggage/#limits, and the older ones that OpenTelemetry's propagator enforces.
const MAX_BYTES = 8192;
const MAX_MEMBERS = 180;
const MAX_MEMBER_BYTES = 4096;

// Maximum number of parts. A header within the size limit cannot have more, even if many of them are empty.
const MAX_PARTS = MAX_BYTES;

// Characters of a header that are read: eight times the size limit. HTTP servers reject longer headers, but message
// headers may be longer.
const MAX_READ_LENGTH = 8 * MAX_BYTES;

const PREFIX = "sentry-";

const PROPERTIES = /^[\t\x20-\x2b\x2d-\x7e]*$/;

/** Parses a `baggage` header into its members, in order. Join several headers with a comma first. */
export function parseBaggage(header: string): BaggageMember[] {
  const members: BaggageMember[] = [];
  for (const part of readable(header).split(",", MAX_PARTS)) {
    const text = part.trim();
    if (text !== "") members.push(parseMember(text));
  }
  return members;
}

/**
 * Returns the `sentry-` members of a `baggage` header without their prefix, frozen; `undefined` if there are none. Of
 * equal keys the last one wins. Members that are empty, malformed or beyond the limits are left out.
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
 * Returns a `baggage` header in which the given members replace all `sentry-` members. Members of other vendors stay
 * unchanged and come first. Members beyond 8192 bytes in all, 180 members or 4096 bytes per member are left out.
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
 * Creates a percent-encoded `baggage` member. `properties` are appended unchanged, or left out if they contain a comma
 * (it would begin another member) or a character that Node does not accept in a header.
 */
export function baggageMember(key: string, value: string, properties?: string): BaggageMember {
  const pair = `${encode(key.slice(0, MAX_BYTES))}=${encode(value.slice(0, MAX_BYTES))}`;
  const isKept = properties !== undefined && PROPERTIES.test(properties);
  return { text: isKept ? `${pair};${properties}` : pair, key, value };
}

// Cuts between members: half a member would have a different value.
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

// `encodeURIComponent` throws for a lone surrogate, so it is replaced by U+FFFD.
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
