import { createHash } from "node:crypto";

import { endsOf } from "../support/text.js";

/** Characters of a slug that Relay keeps. */
const MAX_SLUG_LENGTH = 50;

const DIGEST_LENGTH = 8;

/** Characters of a slug that are looked at. */
const MAX_READ_LENGTH = 1024;

/** Characters of a slug at each of its ends that the digest is of, beside its length. */
const MAX_DIGESTED_LENGTH = 65_536;

const VALID_SLUG = /^(?![\d-]*$)(?![-_])[a-z0-9_-]{1,50}(?<![-_])$/;

/**
 * Makes a monitor's slug one that Sentry accepts: lower-case letters, digits, `-` and `_`, not digits alone,
 * at most 50 characters. A valid slug is returned as it is; any other is changed as Sentry's server
 * would (`Nightly Report!` becomes `nightly-report`). Where that leaves too much or nothing, a digest of the
 * whole slug keeps it apart from others. The result depends on the slug alone.
 */
export function validMonitorSlug(slug: string): string {
  if (VALID_SLUG.test(slug)) return slug;
  const plain = slugify(slug.slice(0, MAX_READ_LENGTH));
  // Sentry creates no monitor for a number.
  const named = /^[\d-]*$/.test(plain) ? `monitor-${plain}` : plain;
  const isWhole = plain !== "" && named.length <= MAX_SLUG_LENGTH && slug.length <= MAX_READ_LENGTH;
  return isWhole ? named : withDigest(named, slug);
}

function withDigest(named: string, slug: string): string {
  const head = named.slice(0, MAX_SLUG_LENGTH - DIGEST_LENGTH - 1).replace(/[-_]+$/, "");
  return `${head}-${digestOf(slug)}`;
}

// As Django's `slugify`, which Sentry's monitor consumer applies.
function slugify(slug: string): string {
  return slug
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9_\s-]/g, "")
    .replaceAll(/[-\s]+/g, "-")
    .replaceAll(/^[-_]+|[-_]+$/g, "");
}

function digestOf(slug: string): string {
  const read = endsOf(slug, MAX_DIGESTED_LENGTH);
  return createHash("sha256").update(read, "utf16le").digest("hex").slice(0, DIGEST_LENGTH);
}
