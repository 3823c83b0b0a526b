import type { SentryClient } from "../client/client.js";
import { attempt } from "../normalize/foreign.js";
import { parseDsn, publicDsn } from "../protocol/dsn.js";

// Slots on spans of the processors that send to one DSN; shared by all copies of the package.
const SHARED = Symbol.for("otel-sentry-bridge.destinations.v1");

const carrier: typeof globalThis & { [SHARED]?: Map<string, symbol[]> } = globalThis;

// An application that creates processors without end must not make this grow.
const MAX_DSNS = 100;
const MAX_SLOTS = 100;

/** Notices spans that reach one DSN twice, by two processors or by a processor and an exporter. */
export class SharedDestination {
  readonly #client: SentryClient;
  readonly #own: symbol | undefined;
  readonly #slots: symbol[];

  /** `own`: where the processor hangs its entries on spans; an exporter has none. */
  constructor(client: SentryClient, own?: symbol) {
    this.#client = client;
    this.#own = own;
    this.#slots = slotsOf(client.settings.dsn);
    if (own !== undefined && this.#slots.length < MAX_SLOTS) this.#slots.push(own);
  }

  /** Reports a root that another processor sends to the same DSN. Costs a loop over the processors of the DSN. */
  check(root: object): void {
    for (const slot of this.#slots)
      if (slot !== this.#own && attempt(() => slot in root, false))
        return this.#client.diagnostics.faultOnce("shared-destination", TWICE);
  }

  /** Forgets a processor that sends nothing more. */
  leave(): void {
    const index = this.#own === undefined ? -1 : this.#slots.indexOf(this.#own);
    if (index !== -1) this.#slots.splice(index, 1);
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
