import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

import { ROOT_CONTEXT, context, trace } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";

import {
  captureException,
  captureMessage,
  forkIsolation,
  withIsolationScope,
  withScope,
} from "../../src/index.js";
import type { Analysis, NodeFacts } from "./analysis.js";
import type { Coverage } from "./coverage.js";
import { DEFAULT_UNIT } from "./facts.js";
import type { Place } from "./facts.js";
import { Elsewhere, seeing } from "./elsewhere.js";
import { Hub } from "./hub.js";
import type { Ledger } from "./ledger.js";
import type { Pipeline } from "./pipeline.js";
import { OddContexts } from "./odd-contexts.js";
import { SpanMaker } from "./span-maker.js";
import type { Abort, Block, Capture, Crowd, Fork, Node, Par, SpanNode } from "./syntax.js";
import { Tasks } from "./tasks.js";
import { wait } from "./waits.js";
import { applyWrite, writeOutside } from "./writes.js";

/** What all programs of a run share. */
export interface Surroundings {
  readonly pipeline: Pipeline;
  readonly ledger: Ledger;
  readonly coverage: Coverage;
  /** Does not bind generators that are to be bound. */
  readonly breaksGenerators?: boolean;
}

/** Runs a program to its end: also what it left running behind. Never rejects. */
export async function runProgram(analysis: Analysis, surroundings: Surroundings): Promise<void> {
  await new Interpreter(analysis, surroundings).run();
}

// Says what happens to the ledger in the same synchronous stretch in which it does it.
class Interpreter {
  readonly #analysis: Analysis;
  readonly #pipeline: Pipeline;
  readonly #ledger: Ledger;
  readonly #coverage: Coverage;
  readonly #hub = new Hub();
  #hubSpan: Span | undefined;
  readonly #spans: SpanMaker;
  readonly #elsewhere: Elsewhere;
  readonly #oddPlaces: OddContexts;
  readonly #tasks = new Tasks();

  constructor(
    analysis: Analysis,
    { pipeline, ledger, coverage, breaksGenerators = false }: Surroundings,
  ) {
    this.#analysis = analysis;
    this.#pipeline = pipeline;
    this.#ledger = ledger;
    this.#coverage = coverage;
    this.#spans = new SpanMaker(pipeline, ledger);
    this.#oddPlaces = new OddContexts({
      ledger,
      coverage,
      spans: this.#spans,
      run: (block, signal) => this.#block(block, signal),
    });
    this.#elsewhere = new Elsewhere({
      label: analysis.label,
      hub: this.#hub,
      tasks: this.#tasks,
      ledger,
      coverage,
      breaksGenerators,
      run: (block, signal) => this.#block(block, signal),
    });
  }

  async run(): Promise<void> {
    const hub = this.#hub.run(() =>
      trace.setSpan(context.active(), (this.#hubSpan = this.#openHub())),
    );
    void this.#tasks.start(this.#block(this.#analysis.program, undefined));
    await this.#tasks.settled();
    this.#hub.stop();
    await hub;
    if (this.#hubSpan !== undefined) this.#spans.end(this.#analysis.hub, this.#hubSpan);
  }

  // The hub's span stays active for all that it does.
  #openHub(): Span {
    const { hub, hubPlace } = this.#analysis;
    if (hub.unit !== undefined) this.#ledger.forkUnit(hub.unit);
    for (const what of ["user", "tag", "crumb"] as const) {
      applyWrite(this.#ledger, {
        place: hubPlace,
        label: hub.label,
        write: { type: "write", what, key: 9 },
      });
    }
    return this.#spans.start(hub, context.active());
  }

  async #block(block: Block, signal: AbortSignal | undefined): Promise<void> {
    for (const node of block) {
      await this.#node(node, signal);
    }
  }

  async #node(node: Node, signal: AbortSignal | undefined): Promise<void> {
    const facts = this.#facts(node);
    switch (node.type) {
      case "sleep":
        this.#coverage.count(`sleep ${node.how}`);
        await wait(node, this.#hub, signal).finally(() => this.#ledger.resume(facts.place));
        return;
      case "write":
        return applyWrite(this.#ledger, { ...facts, write: node });
      case "capture":
        return this.#capture(node, facts);
      case "throw":
        this.#coverage.threw(this.#ledger, facts.place);
        throw new Error(facts.label);
      case "flush":
        return this.#flush();
      case "crowd":
        return this.#crowd(node, facts);
      case "outside":
        this.#coverage.count("write outside of all units");
        return context.with(ROOT_CONTEXT, () =>
          writeOutside(this.#ledger, { ...facts, write: node.write }),
        );
      default:
        await this.#compound(node, facts, signal);
    }
  }

  #compound(
    node: Exclude<
      Node,
      { type: "capture" | "crowd" | "flush" | "outside" | "sleep" | "throw" | "write" }
    >,
    facts: NodeFacts,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    switch (node.type) {
      case "span":
        return this.#span(node, facts, signal);
      case "par":
        return this.#par(node, facts, signal);
      case "fork":
        return this.#fork(node, facts, signal);
      case "overlay":
        return this.#overlay(node.body, facts, signal);
      case "attempt":
        return this.#attempt(facts, () => this.#block(node.body, signal));
      case "defer":
        return this.#elsewhere.defer(node, facts, signal);
      case "callback":
        return this.#elsewhere.callback(node, facts, signal);
      case "generator":
        return this.#elsewhere.generator(node, facts, signal);
      case "byIds":
        return this.#oddPlaces.byIds(node, facts, signal);
      case "reread":
        return this.#oddPlaces.reread(node, facts, signal);
      case "abort":
        return this.#abort(node, facts);
      default:
        return this.#oddPlaces.request(node, facts, signal);
    }
  }

  async #span(node: SpanNode, facts: NodeFacts, signal: AbortSignal | undefined): Promise<void> {
    const { span: fact, inner = facts.place } = facts;
    if (fact === undefined) throw new Error("a span without facts");
    const body = (): Promise<void> => this.#block(node.body, signal);
    const ctx = node.root ? trace.deleteSpan(context.active()) : context.active();
    const span = this.#spans.start(fact, ctx);
    if (node.ends === "before") this.#spans.end(fact, span);
    try {
      await (node.mode === "active"
        ? context.with(trace.setSpan(ctx, span), () =>
            this.#recording(node, span, { inner, isRecorded: fact.recorded, body }),
          )
        : body());
    } finally {
      if (node.ends === "after") this.#spans.end(fact, span);
      else if (node.ends === "late")
        void this.#tasks.start(delay(2).then(() => this.#spans.end(fact, span)));
    }
  }

  async #recording(
    { records }: SpanNode,
    span: Span,
    { inner, isRecorded, body }: { inner: Place; isRecorded: boolean; body: () => Promise<void> },
  ): Promise<void> {
    try {
      await body();
    } catch (error) {
      if (records) {
        if (isRecorded) this.#ledger.see(error, inner);
        span.recordException(error as Error);
      }
      throw error;
    }
  }

  async #par(
    { mode, branches }: Par,
    { label }: NodeFacts,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#coverage.branch(label, branches);
    const running = branches.map((branch) => this.#tasks.start(this.#block(branch, signal)));
    const isRejected = Promise.all(running).then(
      () => false,
      () => true,
    );
    if (mode === "allSettled") await Promise.allSettled(running);
    if (await isRejected) this.#coverage.count(`rejection in one branch of ${mode}`);
    if (mode === "all") await Promise.all(running);
  }

  #fork(
    { how, body }: Fork,
    { unit, inner }: NodeFacts,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (unit === undefined || inner === undefined) throw new Error("a fork without facts");
    this.#coverage.forked(this.#ledger, inner);
    this.#ledger.forkUnit(unit);
    if (how === "context") return context.with(forkIsolation(), () => this.#block(body, signal));
    return withIsolationScope(() => seeing(this.#ledger, inner, () => this.#block(body, signal)));
  }

  #overlay(
    body: Block,
    { overlay, inner }: NodeFacts,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (overlay === undefined || inner === undefined) return this.#block(body, signal);
    this.#ledger.forkOverlay(overlay);
    return withScope(() => seeing(this.#ledger, inner, () => this.#block(body, signal)));
  }

  async #attempt({ label, place }: NodeFacts, body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      const origin = this.#ledger.see(error, place);
      this.#coverage.caught(origin, place);
      this.#ledger.capture(captureException(error), label, origin);
    }
  }

  #capture({ what }: Capture, { label, place }: NodeFacts): void {
    const error = what === "error" ? new Error(label) : undefined;
    const origin = this.#ledger.see(error, place);
    if (origin.scopes.unit === DEFAULT_UNIT)
      this.#coverage.count("event captured outside of all units");
    const eventId = error === undefined ? captureMessage(label) : captureException(error);
    this.#ledger.capture(eventId, label, origin);
  }

  async #abort({ millis, body }: Abort, facts: NodeFacts): Promise<void> {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const timer = setTimeout(() => controller.abort(), millis);
    await this.#attempt(facts, () => this.#block(body, controller.signal));
    clearTimeout(timer);
    if (controller.signal.aborted) this.#coverage.count("aborted");
  }

  #crowd({ count }: Crowd, { crowd = [] }: NodeFacts): void {
    if (count > 1000) this.#coverage.count("more than 1000 children");
    for (const fact of crowd) this.#spans.end(fact, this.#spans.start(fact, context.active()));
  }

  #flush(): void {
    this.#coverage.flushed(this.#ledger);
    this.#ledger.segments.flush();
    for (const processor of this.#pipeline.processors)
      void this.#tasks.start(processor.forceFlush());
  }

  #facts(node: Node): NodeFacts {
    const facts = this.#analysis.nodes.get(node);
    if (facts === undefined) throw new Error("a node without facts");
    return facts;
  }
}
