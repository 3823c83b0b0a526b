import { context, trace } from "@opentelemetry/api";

import { processScopes } from "../scope/process-scopes.js";
import type { ScopeData } from "../scope/scope-data.js";
import { clip } from "../support/text.js";
import { finding } from "./finding.js";
import type { Evidence, Finding } from "./finding.js";
import { boundCallback } from "./library-fixes.js";
import { seconds } from "./report-text.js";
import {
  factsOfSpan,
  nameKey,
  nameOf,
  reportName,
  spanEvidence,
  unitOfScope,
} from "./span-facts.js";
import type { SpanFacts, UnitFacts } from "./span-facts.js";
import type { Routes } from "./routes.js";
import { MANY, OLD_MILLIS, Suspect, Suspects, UNIT_EACH } from "./suspects.js";

type Change = Partial<ScopeData>;

const MAX_KEYS = 200;
const MAX_KEY_LENGTH = 100;
const MIN_REQUESTS = 2;

class Writes extends Suspect {
  key = "";
  what = "";
  owner = "";
  most = 0;
  oldestMillis = 0;
  /** The request or job while it is open: its name is known when it ends. */
  root: SpanFacts | undefined;
}

/** Rules about scope data: D2 (set after the end), D10 (set outside of units), D12 (two requests set one value). */
export class ScopeRules {
  readonly #late = new Suspects(() => new Writes());
  readonly #outside = new Suspects(() => new Writes());
  readonly #conflicts = new Suspects(() => new Writes());
  readonly #identities = new Suspects(() => new Writes());
  readonly #routes: Routes;
  /** The user that was set before the first unit of work. */
  #startUp: Writes | undefined;

  /** `routes` counts the requests and jobs. */
  constructor(routes: Routes) {
    this.#routes = routes;
  }

  /** Call it before data is set on a scope. `hasUnits`: the process has opened a unit of work before. */
  wrote(scope: Written, given: Change, hasUnits: boolean): void {
    // A breadcrumb outside of units is no fault: it records an event of the process, not data of a request.
    if ("breadcrumbs" in given) return;
    const isProcess = scope === processScopes().defaultUnit.isolation;
    if (isProcess && !hasUnits && "user" in given) this.#atStartUp(given);
    const change = newValues(given, scope.data);
    if (Object.keys(change).length === 0) return;
    const unit = unitOfScope(scope);
    if (unit !== undefined) {
      this.#inUnit(unit, change);
      return;
    }
    if (isProcess && hasUnits) this.#isOutside(change);
  }

  /** Call it when a span has ended. HTTP spans get the name of their route before that. */
  ended(facts: SpanFacts): void {
    const { unit, span } = facts;
    if (unit.root !== facts || unit.userChanges < MANY) return;
    const identity = this.#identities.of(span.spanContext().spanId);
    nameAfter(identity, facts);
    identity.root = undefined;
  }

  /** `requests`: number of requests and messages that have started. */
  findings(requests: number): Finding[] {
    const late = this.#late
      .all()
      .filter(
        (each) => each.what === "user" || each.most >= MANY || each.oldestMillis > OLD_MILLIS,
      );
    return [
      ...late.map(lateFinding),
      ...this.#outside.all().map(outsideFinding),
      // A script may have one user, and requests that set their own inherit none.
      ...(this.#startUp !== undefined && requests >= MIN_REQUESTS && this.#routes.hasUserless()
        ? [startUpFinding(this.#startUp)]
        : []),
      ...this.#conflicts.all().map(conflictFinding),
      ...this.#identityFindings(),
    ];
  }

  #identityFindings(): Finding[] {
    const byName = new Map<string, Writes>();
    for (const each of this.#identities.all()) {
      if (each.root !== undefined) nameAfter(each, each.root);
      if (each.most > (byName.get(each.key)?.most ?? 0)) byName.set(each.key, each);
    }
    return [...byName.values()]
      .filter(({ key }) => this.#routes.areUserless(key))
      .map(identityFinding);
  }

  #inUnit(unit: UnitFacts, change: Change): void {
    if (unit.root?.hasEnded === true && unit.isOwned) this.#isLate(unit, change);
    const active = trace.getSpan(context.active());
    const writer = active === undefined ? undefined : factsOfSpan(active)?.entry;
    if (writer !== undefined) this.#checkWriters(unit, change, writer);
  }

  #isLate(unit: UnitFacts, change: Change): void {
    const { root } = unit;
    if (root === undefined) return;
    unit.lateWrites += 1;
    const what = whatOf(change);
    const late = this.#late.of(`${what}|${nameKey(root.span)}`);
    late.what = what;
    late.owner ||= nameOf(root.span);
    late.most = Math.max(late.most, unit.lateWrites);
    late.oldestMillis = Math.max(late.oldestMillis, Date.now() - unit.overAt);
    late.add((site) => [callOf(what, site), spanEvidence(root)]);
  }

  // Tags at start-up, such as that of a region, are right.
  #atStartUp({ user }: Change): void {
    this.#startUp = user && new Writes();
    this.#startUp?.add((site) => [callOf("user", site)]);
  }

  #isOutside(change: Change): void {
    const what = whatOf(change);
    const outside = this.#outside.of(what);
    outside.what = what;
    outside.add((site) => [callOf(what, site)]);
  }

  // Two requests conflict only while both are open: a later one may replace the value.
  #checkWriters(unit: UnitFacts, change: Change, writer: SpanFacts): void {
    for (const [key, value] of valuesIn(change)) {
      const writers = (unit.writers ??= new Map());
      const last = writers.get(key);
      if (last === undefined && writers.size >= MAX_KEYS) continue;
      writers.set(key, { entry: writer, value });
      if (last === undefined || isSame(last.value, value)) continue;
      if (last.entry !== writer) this.#isConflict(key, last.entry, writer);
      else if (key === "user") this.#isOtherUser(unit);
    }
  }

  #isConflict(key: string, before: SpanFacts, writer: SpanFacts): void {
    if (before.hasEnded || before === writer.above?.entry) return;
    const conflict = this.#conflicts.of(key);
    conflict.what = reportName(key);
    conflict.add((site) => [spanEvidence(before), spanEvidence(writer, site)]);
  }

  // A login sets another user once. A queue sets those of all that wait.
  #isOtherUser(unit: UnitFacts): void {
    const { root } = unit;
    if (root === undefined) return;
    unit.userChanges += 1;
    if (unit.userChanges < MANY) return;
    const identity = this.#identities.of(root.span.spanContext().spanId);
    identity.most = unit.userChanges;
    identity.root = root.hasEnded ? undefined : root;
    nameAfter(identity, root);
    identity.add((site) => [callOf("user", site), spanEvidence(root)]);
  }
}

function nameAfter(identity: Writes, { span }: SpanFacts): void {
  identity.key = nameKey(span);
  identity.owner = nameOf(span);
}

/** A scope, with its data before the change. */
export interface Written {
  readonly data: ScopeData;
}

// What a change alters: the setters pass all tags. Removing a value or setting it again is harmless.
function newValues({ tags = {}, ...others }: Change, data: ScopeData): Change {
  const newTags = Object.entries(tags).filter(([key, value]) => data.tags[key] !== value);
  const rest = Object.entries(others).filter(
    ([name, value]) => value !== undefined && !(name === "user" && isSame(value, data.user)),
  );
  const change: Change = Object.fromEntries(rest);
  return newTags.length === 0 ? change : { ...change, tags: Object.fromEntries(newTags) };
}

function whatOf(change: Change): string {
  return Object.keys(change).join(", ");
}

function valuesIn({ user, tags }: Change): [string, unknown][] {
  const values: [string, unknown][] = Object.entries(tags ?? {}).map(([key, value]) => [
    `tag ${clip(key, MAX_KEY_LENGTH)}`,
    value,
  ]);
  return user === undefined ? values : [...values, ["user", user]];
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function callOf(what: string, at: string | undefined): Evidence {
  return { kind: "call", name: `set ${what}`, startMillis: Date.now(), at };
}

function lateFinding({ what, owner, most, oldestMillis, seen }: Writes): Finding {
  return finding({
    rule: "D2",
    name: "dead-unit-write",
    severity: what === "user" ? "error" : "warning",
    summary: `Scope data (${what}) was set for "${owner}" after it had ended: ${most > 1 ? `up to ${most} times in one, ` : ""}up to ${seconds(oldestMillis)} late.`,
    ...seen,
    ...boundCallback(seen.library),
    mechanism:
      "Its transaction was sent without the data. If it belongs to another request or job, that one lacks it.",
    fix: "Either set data before the root span ends, or bind a callback that belongs to another caller:",
  });
}

function outsideFinding({ what, seen }: Writes): Finding {
  return finding({
    rule: "D10",
    name: "default-isolation-write",
    severity: what.includes("user") ? "error" : "warning",
    summary: `Scope data (${what}) was set outside of every request and job, after the first one had started.`,
    ...seen,
    mechanism:
      "No request or job is active there, as in a handler that was set at start-up. The data is on no request's events.",
    fix: "Either bind the handler to the request or job that sets it, or run it in a unit of work (request, job) of its own, or set data of the whole process on the global scope:",
    code: 'socket.on("message", bindContext(handle)); // in the request\n// or, for work of its own\nsocket.on("message", (m) => withIsolationScope(() => handle(m)));\n// or, for the whole process\ngetGlobalScope().setTag("region", region);',
  });
}

function startUpFinding({ seen }: Writes): Finding {
  return finding({
    rule: "D10",
    name: "start-up-user",
    severity: "warning",
    summary: "A user was set before the first request or job, outside of any.",
    ...seen,
    mechanism: "All requests and jobs that set no user of their own inherit this one.",
    fix: "Set the user where each request or message is handled, for example:",
    code: "app.use((request, response, next) => {\n  setUser({ id: request.userId });\n  next();\n});",
  });
}

function conflictFinding({ what, count, evidence }: Writes): Finding {
  return finding({
    rule: "D12",
    name: "write-conflict",
    summary: `Two requests or messages that were open at once set different values (${what}) on one unit of work.`,
    count,
    evidence,
    mechanism:
      "They share the data of one request or job: the events of the first carry the value of the second.",
    ...UNIT_EACH,
  });
}

function identityFinding({ owner, most, seen }: Writes): Finding {
  return finding({
    rule: "D12",
    name: "write-conflict",
    summary: `Up to ${most + 1} users were set within one request or job "${owner}", while most others of its name have none.`,
    ...seen,
    ...boundCallback(seen.library),
  });
}
