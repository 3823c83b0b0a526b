import { inferCache } from "./cache-span.js";
import { inferQuery } from "./db-span.js";
import { inferFaas } from "./faas-span.js";
import { inferFramework, LAYER_KEYS } from "./framework-span.js";
import { inferFunction } from "./function-span.js";
import { inferGenAi } from "./gen-ai-span.js";
import { inferGraphql } from "./graphql-span.js";
import type { Inference } from "./inference.js";
import { inferMcp } from "./mcp-span.js";
import { inferMessaging } from "./messaging-span.js";
import { inferRpc } from "./rpc-span.js";
import { isBag } from "../trace/span.js";
import type { AttributeBag, SpanView } from "../trace/span.js";
import { inferVercelAi } from "./vercel-ai-span.js";

interface Family {
  /** Any of these attributes makes a span a candidate. */
  readonly markers: readonly string[];
  /** Undefined when the markers do not hold what they should. */
  readonly infer: (span: SpanView) => Inference | undefined;
}

// The first that fits wins, so what says most about a span is first. MCP before gen_ai: a server's
// tool call has both. The Vercel AI SDK before gen_ai, of which it has some attributes. gen_ai and messaging before rpc: calls of a cloud SDK to a model or a queue
// have both. A function that a queue triggers is about the queue, so messaging is before faas.
const FAMILIES: readonly Family[] = [
  { markers: ["cache.operation", "cache.hit", "cache.key"], infer: inferCache },
  { markers: ["db.query.text", "db.statement"], infer: inferQuery },
  { markers: ["mcp.method.name"], infer: inferMcp },
  { markers: ["ai.operationId"], infer: inferVercelAi },
  { markers: ["gen_ai.operation.name"], infer: inferGenAi },
  { markers: ["messaging.system"], infer: inferMessaging },
  { markers: ["rpc.system", "rpc.system.name", "rpc.service"], infer: inferRpc },
  {
    markers: [
      "graphql.operation.type",
      "graphql.operation.name",
      "graphql.source",
      "graphql.field.name",
      "graphql.field.path",
      "graphql.execute.operationName",
      "graphql.execute.operationType",
    ],
    infer: inferGraphql,
  },
  {
    markers: [
      "faas.trigger",
      "faas.name",
      "faas.invocation_id",
      "faas.execution",
      "faas.coldstart",
      "faas.cron",
      "faas.time",
    ],
    infer: inferFaas,
  },
  { markers: LAYER_KEYS, infer: inferFramework },
  { markers: ["code.function.name", "code.function"], infer: inferFunction },
];

const BIT_BY_MARKER: ReadonlyMap<string, number> = new Map(
  FAMILIES.flatMap(({ markers }, index) => markers.map((marker) => [marker, 1 << index])),
);

/** Names a span by the first family of attributes that it has; undefined when it has none of them. */
export function inferFamily(span: SpanView): Inference | undefined {
  let bits = markedFamilies(span.attributes);
  while (bits !== 0) {
    // The lowest set bit is the family that comes first.
    const found = FAMILIES[31 - Math.clz32(bits & -bits)]?.infer(span);
    if (found !== undefined) return found;
    bits &= bits - 1;
  }
  return undefined;
}

// One walk over the few attributes that are there is cheaper than a look for each of the markers.
function markedFamilies(attributes: AttributeBag): number {
  let bits = 0;
  if (!isBag(attributes)) return bits;
  for (const key in attributes) bits |= BIT_BY_MARKER.get(key) ?? 0;
  return bits;
}
