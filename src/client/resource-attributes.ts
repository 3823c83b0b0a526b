import { onceFor } from "../support/collections.js";
import { isThenable } from "../support/foreign.js";
import type { Timers } from "../support/time.js";
import { within } from "../support/time.js";
import type { ResourceView } from "../trace/span.js";

/** The attributes of a resource that are known so far. */
export interface KnownAttributes {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Number of attributes that detectors are still looking up; 0 if the resource is complete. */
  readonly pending: number;
}

const NOTHING: KnownAttributes = Object.freeze({ attributes: Object.freeze({}), pending: 0 });

/** Returns true while detectors are still looking up attributes of the resource. Never throws. */
export function hasPendingAttributes(resource: ResourceView): boolean {
  try {
    return resource.asyncAttributesPending === true;
  } catch {
    return false;
  }
}

/**
 * Returns the attributes that are known now. For a pending resource it reads the raw attributes, because OTel logs an
 * error if `attributes` is read. Never throws; a resource that cannot be read has no attributes.
 */
export function knownAttributes(resource: ResourceView): KnownAttributes {
  try {
    return hasPendingAttributes(resource)
      ? settledAttributes(resource)
      : { attributes: resource.attributes, pending: 0 };
  } catch {
    return NOTHING;
  }
}

// Like OTel's own getter, the first settled value of a key wins.
function settledAttributes(resource: ResourceView): KnownAttributes {
  const settled = new Map<string, unknown>();
  let pending = 0;
  for (const [key, raw] of rawAttributes(resource)) {
    const value = isThenable(raw) ? found.get(raw)?.value : raw;
    if (isThenable(raw) && !found.has(raw)) pending += 1;
    else if (value !== undefined && value !== null && !settled.has(key)) settled.set(key, value);
  }
  // A pending resource is incomplete even if none of its values is a promise.
  return { attributes: Object.fromEntries(settled), pending: Math.max(1, pending) };
}

// OTel replaces promises by their values in order, so one that never settles would hide later ones. These values are
// found independently.
const found = new WeakMap<object, { readonly value: unknown }>();

/**
 * Starts to wait for the detectors of a resource, which OTel does only on request; later calls share the same wait.
 * Resolves when the detectors are done, even if they failed. Never rejects.
 */
export const startDetectors: (resource: ResourceView) => Promise<void> = onceFor(detect);

/** Waits at most `maxMillis` for the detectors of a resource. Resolves to true if they are done in time. Never rejects. */
export function waitForDetectors(
  resource: ResourceView,
  maxMillis: number,
  timers: Pick<Timers, "after">,
): Promise<boolean> {
  return within(timers, maxMillis, startDetectors(resource));
}

// If a detector fails, only its own attributes are missing.
async function detect(resource: ResourceView): Promise<void> {
  try {
    for (const [, raw] of rawAttributes(resource)) if (isThenable(raw)) void remember(raw);
    await resource.waitForAsyncAttributes?.();
  } catch {
    // The attributes of the other detectors are still used.
  }
}

async function remember(promise: PromiseLike<unknown>): Promise<void> {
  try {
    found.set(promise, { value: await promise });
  } catch {
    found.set(promise, { value: undefined });
  }
}

function rawAttributes(resource: ResourceView): readonly (readonly [string, unknown])[] {
  return resource.getRawAttributes?.() ?? [];
}
