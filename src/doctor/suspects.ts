import { BoundedMap } from "../support/collections.js";
import { currentCallStack } from "./call-stack.js";
import type { CallStack } from "./call-stack.js";
import type { Evidence, Finding, Library } from "./finding.js";

// Keys that are kept per rule. They contain names of spans, which may contain ids.
const MAX_KINDS = 1000;
const MAX_EXAMPLES = 3;

/** Number of occurrences from which on something is reported; fewer may be chance. */
export const MANY = 5;
/** Milliseconds after the end of a request. Later work is assumed not to belong to it. */
export const OLD_MILLIS = 30_000;

/** The fix where requests or messages share a unit of work. */
export const UNIT_EACH = {
  fix: "Give each a unit of its own:",
  code: "await Promise.all(messages.map((message) =>\n  withIsolationScope(() => handle(message))));",
};

/** Milliseconds from which on an open span is assumed not to end. */
export const LONG_MILLIS = 60_000;

/** The usual cause of a span that does not end. */
export const SKIPPED_END = "Usually an error or an early return skipped span.end()";

/** Code that ends a span whatever happens. */
export const ENDED_SPAN =
  "tracer.startActiveSpan(name, async (span) => {\n  try { return await work(); } finally { span.end(); }\n});";

/** The fix where a span is active for longer than its work. */
export const ACTIVE_SPAN = {
  fix: "Make a span active for one function only, and end it after its work:",
  code: "await Promise.all(jobs.map((job) =>\n  tracer.startActiveSpan(job.name, async (span) => {\n    try { await run(job); } finally { span.end(); }\n  })));",
};

/** Something that was seen repeatedly and may be a fault. */
export class Suspect {
  /** Name of a span, for the report. */
  name: string = "";
  count: number = 0;
  readonly evidence: Evidence[] = [];
  readonly stacks: CallStack[] = [];

  /** Counts an occurrence. For the first three, also keeps the stack and the evidence, which receives the call site. */
  add(evidenceAt: (site: string | undefined) => readonly Evidence[]): void {
    this.count += 1;
    if (this.count > MAX_EXAMPLES) return;
    const stack = currentCallStack();
    if (stack !== undefined) this.stacks.push(stack);
    if (this.evidence.length < MAX_EXAMPLES) this.evidence.push(...evidenceAt(stack?.site));
  }

  /** The part that every finding about it has. */
  get seen(): Pick<Finding, "count" | "evidence" | "library"> {
    const { count, evidence, library } = this;
    return { count, evidence, library };
  }

  get library(): Library | undefined {
    return this.stacks.find(({ library }) => library !== undefined)?.library;
  }
}

/** Suspects by a key. Over the limit, the oldest is forgotten. */
export class Suspects<Kind extends Suspect> {
  readonly #make: () => Kind;
  readonly #byKey = new BoundedMap<string, Kind>(MAX_KINDS);

  constructor(make: () => Kind) {
    this.#make = make;
  }

  of(key: string): Kind {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const made = this.#make();
    this.#byKey.set(key, made);
    return made;
  }

  all(): Kind[] {
    return [...this.#byKey.values()];
  }

  entriesOf(): [string, Kind][] {
    return [...this.#byKey];
  }
}
