import { SpanKind } from "@opentelemetry/api";

import { DEFAULT_UNIT, NOWHERE, forkOf, scopesIn } from "./facts.js";
import type {
  OverlayFact,
  Place,
  RemoteFact,
  SegmentFact,
  SpanFact,
  TraceFact,
  UnitFact,
} from "./facts.js";
import type { Block, Node, Request, SpanNode } from "./syntax.js";

/** Whether the sampler follows the parent, or records everything that is not dropped. */
export type SamplerKind = "always" | "parent";

/** What is known of a node before anything runs. */
export interface NodeFacts {
  /** Name of the node in the whole run. */
  readonly label: string;
  readonly place: Place;
  /** The place of its body, where that is another one. */
  readonly inner?: Place;
  readonly span?: SpanFact;
  readonly unit?: UnitFact;
  readonly overlay?: OverlayFact;
  readonly request?: RequestFacts;
  readonly crowd?: readonly SpanFact[];
}

export interface RequestFacts {
  readonly via: Request["via"];
  /** Its unit, where the propagator makes one. */
  readonly unit: UnitFact | undefined;
  readonly remote: RemoteFact | undefined;
}

/** A program with everything that syntax decides about it. */
export interface Analysis {
  readonly label: string;
  readonly program: Block;
  readonly nodes: ReadonlyMap<Node, NodeFacts>;
  /** The foreign unit of work that calls, resolves, pulls and aborts. */
  readonly hub: SpanFact;
  readonly hubPlace: Place;
}

/** Decides by syntax alone the place of every node. Nothing of this asks what is active. */
export function analyse(program: Block, label: string, sampler: SamplerKind): Analysis {
  const walker = new Walker(label, sampler);
  walker.block(program, NOWHERE);
  return {
    label,
    program,
    nodes: walker.nodes,
    hub: walker.hub,
    hubPlace: walker.hubPlace,
  };
}

class Walker {
  readonly nodes = new Map<Node, NodeFacts>();
  readonly hub: SpanFact;
  readonly hubPlace: Place;
  readonly #label: string;
  readonly #sampler: SamplerKind;
  #count = 0;

  constructor(label: string, sampler: SamplerKind) {
    this.#label = label;
    this.#sampler = sampler;
    const unit = forkOf(DEFAULT_UNIT, `${label}.hub`);
    const outside = { ...NOWHERE, unit };
    this.hub = this.#startSpan(`${label}.hub`, { ...PLAIN, root: true }, outside);
    this.hubPlace = { ...outside, span: this.hub };
  }

  block(block: Block, place: Place): void {
    for (const node of block) this.#node(node, place);
  }

  // One walker per node type, looked up by its name.
  #node(node: Node, place: Place): void {
    const label = `${this.#label}.${this.#count++}`;
    switch (node.type) {
      case "span":
        return this.#span(node, label, place);
      case "request":
        return this.#request(node, label, place);
      case "crowd": {
        const names = Array.from({ length: node.count }, (_, index) => `${label}-${index}`);
        const crowd = names.map((name) => this.#startSpan(name, PLAIN, place));
        this.nodes.set(node, { label, place, crowd });
        return;
      }
      case "fork": {
        const unit = forkOf(scopesIn(place).unit, label);
        const inner: Place = { ...place, unit, overlay: undefined, adoptable: "no" };
        this.nodes.set(node, { label, place, inner, unit });
        return this.block(node.body, inner);
      }
      case "overlay": {
        const { unit, overlay: parent } = scopesIn(place);
        // Outside of every unit there is nothing that a program of its own could overlay.
        if (unit === DEFAULT_UNIT) break;
        const overlay = { label, parent };
        const inner: Place = { ...place, unit, overlay };
        this.nodes.set(node, { label, place, inner, overlay });
        return this.block(node.body, inner);
      }
      default:
    }
    this.nodes.set(node, { label, place });
    this.#bodies(node, place);
  }

  #bodies(node: Node, place: Place): void {
    if (node.type === "par") {
      for (const branch of node.branches) this.block(branch, place);
    } else if (node.type === "generator") {
      this.block(node.here, place);
      this.block(node.there, this.hubPlace);
    } else if (node.type === "callback") {
      this.block(node.body, node.bound ? place : this.hubPlace);
    } else if ("body" in node) {
      this.block(node.body, place);
    }
  }

  #span(node: SpanNode, label: string, place: Place): void {
    const span = this.#startSpan(label, node, place);
    const adoptable = place.adoptable === "no" || takesUnit(span) ? "no" : "open";
    const inner: Place = { ...place, adoptable, ...(node.mode === "active" && { span }) };
    this.nodes.set(node, { label, place, inner, span });
    this.block(node.body, inner);
  }

  #request(node: Request, label: string, place: Place): void {
    const via = readerOf(node, place);
    const remote = remoteOf(node, via, label);
    const unit = via === "sentry" ? forkOf(scopesIn(place).unit, `${label}:request`) : undefined;
    this.nodes.set(node, { label, place, request: { via, unit, remote } });
    const inside: Place = {
      ...place,
      ...(unit !== undefined && {
        unit,
        overlay: undefined,
        adoptable: "now",
        incoming: remote ?? place.incoming,
      }),
      ...(remote !== undefined && { span: remote }),
    };
    this.block(node.before, inside);
    this.#node(node.root, inside);
    const root = this.nodes.get(node.root)?.span;
    const isTaken = root !== undefined && takesUnit(root);
    if (node.again !== undefined) {
      this.#node(node.again, { ...inside, adoptable: isTaken ? "no" : inside.adoptable });
    }
  }

  #startSpan(label: string, node: SpanOptions, place: Place): SpanFact {
    const parent = node.root ? undefined : place.span;
    const trace: TraceFact = parent?.trace ?? { label: `${label}:trace`, tableUnit: undefined };
    const at: Place = { ...place, span: parent };
    const kind = kindOf(node, at);
    const span = { type: "local", label, trace, parent, second: node.second, kind } as const;
    const identity = { ...span, ignored: node.ignored, dropped: node.dropped };
    if (!this.#isRecorded(node, parent)) {
      return {
        ...identity,
        recorded: false,
        unit: undefined,
        startsUnit: false,
        segment: undefined,
      };
    }
    if (parent?.type === "local" && parent.recorded && parent.second === node.second) {
      const { unit } = scopesIn(at);
      return { ...identity, recorded: true, unit, startsUnit: false, segment: parent.segment };
    }
    const { unit, startsUnit } = rootUnit(identity, at);
    const segment = { label, root: label, unit, overlay: at.overlay, fate: fateOf(identity, at) };
    return { ...identity, recorded: true, unit, startsUnit, segment };
  }

  #isRecorded(node: SpanOptions, parent: SpanFact["parent"]): boolean {
    if (this.#sampler === "always" || parent === undefined) return !node.dropped;
    return parent.type === "local" ? parent.recorded : parent.sampled !== false;
  }
}

type SpanOptions = Omit<SpanNode, "body" | "ends" | "mode" | "records" | "type">;

const PLAIN: SpanOptions = {
  kind: SpanKind.INTERNAL,
  root: false,
  ignored: false,
  dropped: false,
  second: false,
};

function isEntry(kind: SpanKind): boolean {
  return kind === SpanKind.SERVER || kind === SpanKind.CONSUMER;
}

// A root of an incoming request is a SERVER or a CONSUMER: it takes the unit that waits for it.
function takesUnit({ recorded, parent }: SpanFact): boolean {
  return recorded && parent?.type !== "local";
}

/**
 * A SERVER or CONSUMER root takes a unit or starts one. Not here where it depends on which of several
 * roots comes first, nor inside of an overlay: neither is for syntax to say.
 */
function kindOf({ kind }: SpanOptions, { adoptable, overlay, span }: Place): SpanKind {
  const isUnclear = adoptable === "open" || (adoptable === "no" && overlay !== undefined);
  return isEntry(kind) && span?.type !== "local" && isUnclear ? SpanKind.INTERNAL : kind;
}

// The same holds for a request that no `extract` of ours has seen.
function readerOf({ via }: Request, place: Place): Request["via"] {
  if (via === "sentry") return via;
  return place.adoptable !== "no" || place.overlay !== undefined ? "sentry" : via;
}

// `sentry-trace` alone is nothing to the W3C propagator.
function remoteOf(
  { headers }: Request,
  via: Request["via"],
  label: string,
): RemoteFact | undefined {
  const isRead = via === "sentry" ? headers !== "none" : via === "w3c" && headers.startsWith("w3c");
  if (!isRead) return undefined;
  const sampled = headers.endsWith("deferred") ? undefined : !headers.endsWith("unsampled");
  const trace: TraceFact = { label: `${label}:remote-trace`, tableUnit: undefined };
  return {
    type: "remote",
    label: `${label}:remote`,
    trace,
    isSentry: headers.startsWith("sentry"),
    sampled,
  };
}

function rootUnit(
  { label, kind, parent }: { label: string; kind: SpanKind; parent: SpanFact["parent"] },
  at: Place,
): { unit: UnitFact; startsUnit: boolean } {
  if (parent?.type === "local") return { unit: scopesIn(at).unit, startsUnit: false };
  if (at.unit === undefined)
    return { unit: forkOf(DEFAULT_UNIT, `${label}:root`), startsUnit: true };
  if (!isEntry(kind) || at.adoptable === "now") return { unit: at.unit, startsUnit: false };
  return { unit: forkOf(at.unit, `${label}:root`), startsUnit: true };
}

function fateOf(
  { ignored, trace }: { ignored: boolean; trace: TraceFact },
  at: Place,
): SegmentFact["fate"] {
  if (ignored) return "ignored";
  const { incoming } = at;
  const isRefused =
    incoming?.isSentry === true && incoming.sampled === false && incoming.trace === trace;
  return isRefused ? "refused" : "sent";
}
