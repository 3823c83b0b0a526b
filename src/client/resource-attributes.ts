import { isThenable } from "../support/foreign.js";
import type { StartTimer } from "../support/timers.js";
import { within } from "../support/timers.js";
import type { ResourceView } from "../trace/span-view.js";

/** Attributes of a resource that are known at one moment. */
export interface KnownAttributes {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Number of attributes that detectors still look up; 0 when the resource is complete. */
  readonly pending: number;
}

const NOTHING: KnownAttributes = Object.freeze({ attributes: Object.freeze({}), pending: 0 });

/** Returns whether detectors still look up attributes of the resource. Never throws. */
export function isPending(resource: ResourceView): boolean {
  try {
    return resource.asyncAttributesPending === true;
  } catch {
    return false;
  }
}

/**
 * Returns the attributes that are known now. Of a pending resource those that need no detector:
 * reading its `attributes` would log an error. Never throws; a resource that cannot be read has none.
 */
export function knownAttributes(resource: ResourceView): KnownAttributes {
  try {
    return isPending(resource)
      ? settledAttributes(resource)
      : { attributes: resource.attributes, pending: 0 };
  } catch {
    return NOTHING;
  }
}

// As OTel's own getter does: of equal keys the first that is settled counts.
function settledAttributes(resource: ResourceView): KnownAttributes {
  const settled = new Map<string, unknown>();
  let pending = 0;
  for (const [key, raw] of rawAttributes(resource)) {
    const value = isThenable(raw) ? found.get(raw)?.value : raw;
    if (isThenable(raw) && !found.has(raw)) pending += 1;
    else if (value !== undefined && value !== null && !settled.has(key)) settled.set(key, value);
  }
  // A resource that is pending without a promise in sight is not complete either.
  return { attributes: Object.fromEntries(settled), pending: Math.max(1, pending) };
}

// OTel replaces promises by values one after another: one that never settles hides those behind it.
const found = new WeakMap<object, { readonly value: unknown }>();
const detections = new WeakMap<ResourceView, Promise<void>>();

/**
 * Starts to wait for the detectors of a resource, once however often it is called: OTel waits for
 * them only when it is asked to. Resolves when they are done, also if they failed. Never rejects.
 */
export function detectionOf(resource: ResourceView): Promise<void> {
  const known = detections.get(resource);
  if (known !== undefined) return known;
  const detection = detect(resource);
  detections.set(resource, detection);
  return detection;
}

/** Waits for the detectors of a resource, for so many milliseconds at most: resolves to whether they are done. Never rejects. */
export function detected(
  resource: ResourceView,
  maxMillis: number,
  timers: StartTimer,
): Promise<boolean> {
  return within(timers, maxMillis, detectionOf(resource));
}

// What a detector throws costs its own attributes only.
async function detect(resource: ResourceView): Promise<void> {
  try {
    for (const [, raw] of rawAttributes(resource)) if (isThenable(raw)) void remember(raw);
    await resource.waitForAsyncAttributes?.();
  } catch {
    // What the other detectors have found is used.
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
