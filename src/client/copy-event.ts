import { types } from "node:util";

import { copyBudget } from "../support/copy-budget.js";
import {
  attempt,
  firstOf,
  isList,
  isObjectLike,
  isRecord,
  objectFrom,
  ownKeys,
  propertyOf,
  setProperty,
} from "../support/foreign.js";
import { isPlainObject } from "../support/plain-copy.js";
import { normalize, readOrMark } from "../support/normalize.js";
import type { JsonValue } from "../support/normalize.js";
import type { CopyBudget, NormalizeLimits } from "../support/copy-budget.js";

// Fields without which an event is useless. They are read first, so that large data that a hook has put before them does not
// exhaust the limit.
const FIRST: ReadonlySet<string> = new Set(
  "event_id timestamp start_timestamp type level platform transaction transaction_info exception logentry message request user tags fingerprint release environment dist server_name sdk measurements".split(
    " ",
  ),
);
const FIRST_OF_SPAN: ReadonlySet<string> = new Set(
  "span_id parent_span_id trace_id op description status origin start_timestamp timestamp".split(
    " ",
  ),
);
const LAST: ReadonlySet<string> = new Set(["breadcrumbs", "extra"]);

const MAX_FIELDS = 10_000;

type Entry = readonly [name: string, value: unknown];

/** Copies a value that is some levels below the event. */
type Copy = (value: unknown, level: number) => JsonValue;

/**
 * Returns a bounded JSON copy of an event with its properties in their order. What identifies the event, its exceptions and
 * trace, and the spans without their data are read before anything else, and breadcrumbs and extra at the end.
 */
export function copyOfEvent(
  event: object,
  limits: Partial<NormalizeLimits> & Pick<NormalizeLimits, "depth">,
): unknown {
  if (typeof attempt<unknown>(() => Reflect.get(event, "toJSON"), undefined) === "function")
    return normalize(event, limits);
  const budget = copyBudget(limits);
  const copy: Copy = (value, level) =>
    normalize(value, { ...limits, depth: limits.depth - level }, budget);
  const entries = entriesOf(event);
  const copies = new Map<string, JsonValue>();
  const take = (isTaken: (name: string) => boolean): void => {
    for (const [name, value] of entries)
      if (!copies.has(name) && isTaken(name)) copies.set(name, copy(value, 1));
  };

  take((name) => FIRST.has(name));
  const rests = entries.flatMap(([name, value]) => {
    const parts = partsOf(name, value, copy);
    if (parts === undefined) return [];
    copies.set(name, parts.copy);
    return [parts.rest];
  });
  take((name) => !LAST.has(name));
  for (const rest of rests) rest();
  for (const [name, value] of entries)
    if (name === "breadcrumbs") copies.set(name, copyOfBreadcrumbs(value, copy, budget));
  take(() => true);
  // In the order of the event.
  return objectFrom(entries.map(([name]) => [name, copies.get(name) ?? null] as const));
}

/** The copy of a value that does not change, and its cost in the budget. */
interface FixedCopy {
  readonly copy: JsonValue;
  readonly length: number;
  readonly nodes: number;
}

// The errors of a request have most of their breadcrumbs in common, and copying a hundred takes a quarter of a millisecond.
const fixedCopies = new WeakMap<object, FixedCopy>();

function copyOfBreadcrumbs(breadcrumbs: unknown, copy: Copy, budget: CopyBudget): JsonValue {
  const values = listOf(breadcrumbs);
  if (values === undefined) return copy(breadcrumbs, 1);
  const copies: JsonValue[] = [];
  for (const value of firstOf(values, MAX_FIELDS)) {
    copies.push(isObjectLike(value) ? copyOfBreadcrumb(value, copy, budget) : copy(value, 3));
    if (isUsedUp(budget)) break;
  }
  return { values: copies };
}

// Undefined unless it is a plain record of a plain list: code of the application may run when others are read.
function listOf(breadcrumbs: unknown): readonly unknown[] | undefined {
  if (!isObjectLike(breadcrumbs) || !isPlainObject(breadcrumbs)) return undefined;
  if (Object.keys(breadcrumbs).join() !== "values") return undefined;
  const values = propertyOf(breadcrumbs, "values");
  return Array.isArray(values) && !types.isProxy(values) ? values : undefined;
}

function copyOfBreadcrumb(value: object, copy: Copy, budget: CopyBudget): JsonValue {
  const { remaining, nodes } = budget;
  const known = fixedCopies.get(value);
  if (known !== undefined && known.length < remaining && known.nodes < nodes) {
    budget.remaining -= known.length;
    budget.nodes -= known.nodes;
    return known.copy;
  }
  const made = copy(value, 3);
  if (!isUsedUp(budget) && isFixed(value)) {
    const [length, steps] = [remaining - budget.remaining, nodes - budget.nodes];
    fixedCopies.set(value, { copy: made, length, nodes: steps });
  }
  return made;
}

function isUsedUp({ remaining, nodes }: CopyBudget): boolean {
  return remaining <= 0 || nodes <= 0;
}

// Levels of objects in a breadcrumb that is shared: itself and its data.
const FIXED_LEVELS = 2;

// A frozen object may still have getters, or objects that are not frozen.
function isFixed(value: unknown, levels: number = FIXED_LEVELS): boolean {
  if (!isObjectLike(value)) return true;
  if (levels === 0 || !isPlainObject(value) || !Object.isFrozen(value)) return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every(
    (property) => "value" in property && isFixed(property.value, levels - 1),
  );
}

/** A property that is copied in two steps. */
interface Parts {
  readonly copy: JsonValue;
  /** Adds what was left out at first. */
  readonly rest: () => void;
}

function partsOf(name: string, value: unknown, copy: Copy): Parts | undefined {
  if (name === "contexts" && isRecord(value))
    return inSteps(
      value,
      (context) => context === "trace",
      (part) => copy(part, 1),
    );
  if (name !== "spans" || !isList(value)) return undefined;
  const spans = firstOf(value, MAX_FIELDS).map((span) => spanParts(span, copy));
  return {
    copy: spans.map((span) => span.copy),
    rest: () => {
      for (const span of spans) span.rest();
    },
  };
}

function spanParts(span: unknown, copy: Copy): Parts {
  if (!isRecord(span)) return { copy: copy(span, 2), rest: () => undefined };
  const parts = inSteps(
    span,
    (field) => FIRST_OF_SPAN.has(field),
    (part) => copy(part, 2),
  );
  return {
    copy: parts.copy,
    rest: () => {
      parts.rest();
      // Relay expects an object, not a mark for data that was not read.
      if (!isRecord(parts.copy["data"])) parts.copy["data"] = {};
    },
  };
}

interface RecordParts extends Parts {
  readonly copy: Record<string, JsonValue>;
}

function inSteps(
  value: object,
  isFirst: (name: string) => boolean,
  copy: (part: object) => JsonValue,
): RecordParts {
  const entries = entriesOf(value);
  const some = (isTaken: (name: string) => boolean): Record<string, JsonValue> => {
    const taken = objectFrom(entries.filter(([name]) => isTaken(name)));
    const copied = copy(taken);
    return isRecord(copied) ? copied : {};
  };
  const first = some(isFirst);
  return {
    copy: first,
    rest: () => {
      for (const [name, field] of Object.entries(some((each) => !isFirst(each))))
        setProperty(first, name, field);
    },
  };
}

// Each property is read once: its getter may return something else the next time. Those that are undefined are left out.
function entriesOf(value: object): Entry[] {
  return attempt<readonly string[]>(() => ownKeys(value, MAX_FIELDS), [])
    .map((name) => [name, readOrMark(value, name)] as const)
    .filter(([, property]) => property !== undefined);
}
