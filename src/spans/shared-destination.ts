import type { SentryClient } from "../client/client.js";
import { attempt } from "../support/foreign.js";
import { parseDsn, publicDsn } from "../protocol/dsn.js";

// Slots on spans of the processors and exporters that send to one DSN; shared by all copies of the package.
const SHARED = Symbol.for("otel-sentry-bridge.destinations.v1");

const carrier: typeof globalThis & { [SHARED]?: Map<string, symbol[]> } = globalThis;

// An application that creates processors without end must not make this grow.
const MAX_DSNS = 100;
const MAX_SLOTS = 100;

/** Notices spans that reach one DSN twice, by two processors or by a processor and an exporter. */
export class SharedDestination {
  readonly #client: SentryClient;
  readonly #own: symbol;
  readonly #slots: symbol[];

  /** `own`: where a processor hangs its entries on spans; an exporter calls `mark`. */
  constructor(client: SentryClient, own: symbol = Symbol("otel-sentry-bridge.exported")) {
    this.#client = client;
    this.#own = own;
    this.#slots = slotsOf(client.settings.dsn);
    this.#slots.push(own);
    // They stay when their owners shut down: a batch processor exports spans after others have.
    if (this.#slots.length > MAX_SLOTS) this.#slots.shift();
  }

  /** Notes that an exporter sends the root. One that cannot be written to is passed over. */
  mark(root: object): void {
    attempt(() => Reflect.set(root, this.#own, true), false);
  }

  /** Reports a root that another part sends to the same DSN. Costs a loop over the parts of the DSN. */
  check(root: object): void {
    for (const slot of this.#slots)
      if (slot !== this.#own && attempt(() => slot in root, false))
        return this.#client.diagnostics.faultOnce("shared-destination", TWICE);
  }
}

const TWICE =
  "two span processors or exporters send the same spans to one DSN, so every transaction arrives twice. " +
  "Register one SentrySpanProcessor or SentrySpanExporter for each DSN; `otel-sentry-bridge/register` counts as one";

function slotsOf(dsn: string | undefined): symbol[] {
  if (dsn === undefined) return [];
  const all = (carrier[SHARED] ??= new Map());
  const key = publicDsn(parseDsn(dsn));
  const slots = all.get(key) ?? [];
  if (all.size < MAX_DSNS) all.set(key, slots);
  return slots;
}
