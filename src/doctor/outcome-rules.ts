import { processScopes } from "../scope/process-scopes.js";
import { getClient } from "../context/global-client.js";
import { unitOfSpan } from "../context/scope-context.js";
import type { Unit } from "../scope/unit.js";
import { MAX_TRANSACTION_NAME } from "../spans/encoded-head.js";
import { inferSpan } from "../semantics/infer-span.js";
import { SPAN_KIND } from "../trace/span.js";
import { knownAttributes } from "../client/resource-attributes.js";
import type { AttributeBag, FinishedSpan } from "../trace/span.js";
import { propertyOf } from "../support/foreign.js";
import { clip, textOf } from "../support/text.js";
import { finding } from "./finding.js";
import type { Evidence, Finding } from "./finding.js";
import { nameKey, nameOf, reportName, spanEvidence, tracerOf } from "./span-facts.js";
import type { SpanFacts } from "./span-facts.js";
import { Suspect, Suspects } from "./suspects.js";

const MIN_FAILURES = 3;
const MAX_VALUES = 10;
const MAX_SHOWN = 4;
const MAX_VALUE_LENGTH = 100;
const FAILED = 500;
const NAMES = {
  release: ["service.version"],
  environment: ["deployment.environment.name", "deployment.environment"],
};

/** Rules about root spans: `refused-name`, D19 (failed requests without an error event) and D20 (several releases or environments). */
export class OutcomeRules {
  readonly #swallowed = new Suspects(() => new Suspect());
  readonly #unnamed = new Suspects(() => new Suspect());
  readonly #silent = new WeakMap<Unit, Suspect>();
  readonly #identities = new Map<
    string,
    { readonly name: string; readonly values: Map<string, Evidence> }
  >();
  /** Attributes of the resource of the last root. */
  resource: AttributeBag | undefined;
  #resource: unknown;

  started(facts: SpanFacts): void {
    const { span } = facts;
    if (span.resource === this.#resource) return;
    this.#resource = span.resource;
    const attributes = span.resource && knownAttributes(span.resource).attributes;
    this.resource = attributes;
    for (const [name, keys] of Object.entries(NAMES)) {
      const value = keys
        .map((key) => propertyOf(attributes, key))
        .find((each) => each !== undefined);
      const known = this.#identities.get(name) ?? { name, values: new Map() };
      this.#identities.set(name, known);
      const text = clip(textOf(value ?? "(none)"), MAX_VALUE_LENGTH);
      if (known.values.size < MAX_VALUES && !known.values.has(text))
        known.values.set(text, spanEvidence(facts));
    }
  }

  /** Call it when a span has ended and its exceptions were reported. */
  ended(facts: SpanFacts, span: FinishedSpan): void {
    if (facts.above !== undefined) return;
    this.#checkName(facts, span);
    if (span.kind !== SPAN_KIND.SERVER) return;
    const status =
      span.attributes["http.response.status_code"] ?? span.attributes["http.status_code"];
    if (status !== FAILED || hasErrors(span)) return;
    const swallowed = this.#swallowed.of(nameKey(span));
    swallowed.name ||= nameOf(span);
    swallowed.count += 1;
    const unit = unitOfSpan(span);
    if (unit !== undefined) this.#silent.set(unit, swallowed);
    if (swallowed.evidence.length < 2) swallowed.evidence.push(spanEvidence(facts));
  }

  #checkName(facts: SpanFacts, span: FinishedSpan): void {
    if (isValidName(textOf(span.name)) || isValidName(inferSpan(span).description)) return;
    this.#unnamed.of(tracerOf(span)).add((site) => [spanEvidence(facts, site)]);
  }

  /** Call it when an error is captured for a unit: a framework may report it after the response, as hapi does. */
  captured(unit: Unit): void {
    const swallowed = this.#silent.get(unit);
    if (swallowed === undefined) return;
    this.#silent.delete(unit);
    swallowed.count -= 1;
  }

  findings(): Finding[] {
    const failures = this.#swallowed.all().filter(({ count }) => count >= MIN_FAILURES);
    // An option takes precedence over all resources.
    const settings = getClient()?.core.settings;
    const mixed = [...this.#identities.values()].filter(
      ({ name, values }) => values.size > 1 && propertyOf(settings, name) === undefined,
    );
    return [
      ...failures.map(swallowedFinding),
      ...this.#unnamed.entriesOf().map(([tracer, each]) => unnamedFinding(tracer, each)),
      ...mixed.map(({ name, values }) => mixedFinding(name, values)),
    ];
  }
}

function hasErrors(span: FinishedSpan): boolean {
  const unit = unitOfSpan(span) ?? processScopes().defaultUnit;
  return unit.lastEventId !== undefined || span.events.some(({ name }) => name === "exception");
}

function isValidName(name: string): boolean {
  const { length } = name.trim();
  return length > 0 && length <= MAX_TRANSACTION_NAME;
}

function unnamedFinding(tracer: string, { seen }: Suspect): Finding {
  return finding({
    name: "refused-name",
    severity: "warning",
    summary: `Root spans of the tracer "${reportName(tracer)}" have no name, or one of more than ${MAX_TRANSACTION_NAME} characters.`,
    ...seen,
    mechanism:
      "Sentry does not accept such names: the transaction gets the first 200 characters, or `<unlabeled transaction>`.",
    fix: "Give the span a short name, and put what varies into attributes:",
    code: 'tracer.startSpan("import file", { attributes: { path } });',
  });
}

function swallowedFinding({ name, count, evidence }: Suspect): Finding {
  return finding({
    rule: "D19",
    name: "swallowed-errors",
    severity: "warning",
    summary: `Requests "${name}" answered 500, but no error was captured for them.`,
    count,
    evidence,
    mechanism:
      "The application or its framework catches the error, and nothing records it: Sentry shows failed transactions without an issue.",
    fix: "Report it where your code catches it, or where the framework does (onError of Hono and Fastify, onPreResponse of hapi, Koa's event error, in Express as below):",
    code: "try { await handle(request); } catch (error) {\n  captureException(error);\n  response.sendStatus(500);\n}\n// what Express catches: after all routes\napp.use((error, request, response, next) => {\n  captureHandlerError(error);\n  next(error);\n});",
  });
}

function mixedFinding(name: string, values: ReadonlyMap<string, Evidence>): Finding {
  return finding({
    rule: "D20",
    name: "mixed-identity",
    severity: "warning",
    summary: `Spans of this process have resources with different values of ${name}: ${[...values.keys()].join(" and ")}.`,
    evidence: [...values.values()].slice(0, MAX_SHOWN),
    mechanism:
      "Two tracer providers with different resources send to one client. Events carry one of the values; Sentry drops check-ins whose environment changes.",
    fix: `Give all providers one resource, or set the option \`${name}\`:`,
    code: `new SentrySpanProcessor({ ${name}: "…" });`,
  });
}
