import type { ClientCore } from "../client/client-core.js";
import { attempt } from "../support/foreign.js";
import { parseDsn, publicDsn } from "../protocol/dsn.js";

// The symbols under which the processors and exporters of each DSN mark spans. Shared by all copies of the package.
const SHARED = Symbol.for("otel-sentry-bridge.destinations.v1");

const carrier: typeof globalThis & { [SHARED]?: Map<string, symbol[]> } = globalThis;

// Limits for an application that creates processors again and again.
const MAX_DSNS = 100;
const MAX_SLOTS = 100;

/** Detects spans that reach one DSN twice, through two processors or a processor and an exporter. */
export class SharedDestination {
  readonly #client: ClientCore;
  readonly #own: symbol;
  readonly #slots: symbol[];

  /** `own` is the symbol under which a processor stores its entries on spans. An exporter omits it and calls `mark`. */
  constructor(client: ClientCore, own: symbol = Symbol("otel-sentry-bridge.exported")) {
    this.#client = client;
    this.#own = own;
    this.#slots = slotsOf(client.settings.dsn);
    this.#slots.push(own);
    // Symbols are kept after a shutdown, because a batch processor may export spans after other processors have ended.
    if (this.#slots.length > MAX_SLOTS) this.#slots.shift();
  }

  /** Marks a root that an exporter sends. Does nothing for a span that cannot be written to. */
  mark(root: object): void {
    attempt(() => Reflect.set(root, this.#own, true), false);
  }

  /** Logs a diagnostic if another processor or exporter sends the root to the same DSN. */
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
