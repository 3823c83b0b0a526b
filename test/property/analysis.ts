import { DEFAULT_UNIT, NOWHERE, forkOf, scopesIn } from "./facts.js";
import type { OverlayFact, Place, RemoteFact, SpanFact, TraceFact, UnitFact } from "./facts.js";
import {
  PLAIN,
  isSegments,
  isOfRequest,
  takesUnit,
  kindOf,
  readerOf,
  remoteOf,
  rootUnit,
  fateOf,
} from "./root-rules.js";
import type { SpanOptions } from "./root-rules.js";
import type { Block, ByIds, Generator, Node, Request, Reread, SpanNode } from "./syntax.js";

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
  /** A span that keeps the segment open while the parent is known by its ids. */
  readonly holder?: SpanFact;
  /** The sender whose headers are read again. */
  readonly sender?: RemoteFact | undefined;
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
      case "byIds":
        if (!isSegments(place.span)) break;
        return void this.nodes.set(node, this.#byIds(node, label, { place, span: place.span }));
      case "reread":
        return void this.nodes.set(node, this.#reread(node, label, place));
      case "generator":
        if (!node.bound) break;
        return void this.nodes.set(node, this.#boundGenerator(node, label, place));
      default:
    }
    this.nodes.set(node, { label, place });
    this.#bodies(node, place);
  }

  #byIds(
    { base, body }: ByIds,
    label: string,
    { place, span }: { place: Place; span: SpanFact },
  ): NodeFacts {
    const holder = this.#startSpan(`${label}:holder`, { ...PLAIN, second: span.second }, place);
    // What the sender has said is known of the trace.
    const outside = { ...NOWHERE, incoming: place.incoming };
    const inner: Place = { ...(base === "root" ? outside : place), span, byIds: true };
    const node = { label, place, inner, holder };
    this.block(body, inner);
    return node;
  }

  // Syntax decides only where the request of the headers is sure to be that of the place.
  #reread({ names, body }: Reread, label: string, place: Place): NodeFacts {
    const { span, incoming } = place;
    const sender = span?.trace === incoming?.trace ? incoming : undefined;
    const isRead = isOfRequest(place) && (names !== "sender" || sender !== undefined);
    this.block(body, place);
    return { label, place, ...(isRead && { inner: place }), sender };
  }

  #boundGenerator({ here, there }: Generator, label: string, place: Place): NodeFacts {
    const unit = forkOf(scopesIn(place).unit, label);
    const inner: Place = { ...place, unit, overlay: undefined, adoptable: "no" };
    this.block(here, inner);
    this.block(there, inner);
    return { label, place, inner, unit };
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
    const inner: Place = {
      ...place,
      adoptable,
      ...(node.mode === "active" && { span, byIds: false }),
    };
    this.nodes.set(node, { label, place, inner, span });
    this.block(node.body, inner);
  }

  #request(node: Request, label: string, place: Place): void {
    const via = readerOf(node, place);
    const remote = remoteOf(node, via, label);
    const isNew = via === "sentry" && (remote !== undefined || !isOfRequest(place));
    const unit = isNew ? forkOf(scopesIn(place).unit, `${label}:request`) : undefined;
    this.nodes.set(node, { label, place, request: { via, unit, remote } });
    const inside: Place = {
      ...place,
      ...(unit !== undefined && {
        unit,
        overlay: undefined,
        adoptable: "now",
        incoming: remote ?? place.incoming,
      }),
      ...(remote !== undefined && { span: remote, byIds: false }),
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
    const at: Place = { ...place, span: parent, byIds: place.byIds && parent !== undefined };
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
