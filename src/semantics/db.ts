import {
  databaseSystem,
  isRedisLike,
  redisCommand,
  shownStatement,
} from "../privacy/redis-command.js";
import type { AttributeBag, SpanDescription } from "../trace/span.js";
import { codeData, joinNames, textValue, textValues } from "./inference.js";
import type { Inference, VaryingText } from "./inference.js";

/** Names a database span after its query; undefined if no attribute names a database system. */
export function inferDatabase(span: SpanDescription): Inference | undefined {
  const { attributes } = span;
  const system = databaseSystem(attributes);
  if (system === undefined) return undefined;
  if (!isRedisLike(system)) return query(span, "db");
  // Redis may serve as a cache: such a span also has `cache.*` attributes, which describe it better.
  return inferCache(span) ?? query(span, "db.redis");
}

/** Names a span with a query but without a database system, as some ORMs create them. */
export function inferQuery(span: SpanDescription): Inference | undefined {
  return queryText(span.attributes) === undefined ? undefined : query(span, "db");
}

function query(span: SpanDescription, op: string): Inference {
  const { attributes } = span;
  const given = queryText(attributes);
  const statement = given === undefined ? undefined : shownStatement(given, attributes);
  const description = statement ?? textValue(attributes["db.query.summary"]) ?? span.name;
  return { op, description, source: "task", data: codeData(attributes) };
}

/** Returns the statement as the attribute from which a database span is named; undefined if it is named by others. */
export function varyingStatement(span: SpanDescription): VaryingText | undefined {
  const { attributes } = span;
  const isRedis = isRedisLike(databaseSystem(attributes));
  const key =
    textValue(attributes["db.query.text"]) === undefined ? "db.statement" : "db.query.text";
  const inferred = inferDatabase(span);
  if (inferred === undefined || textValue(attributes[key]) === undefined) return undefined;
  const { op, source, data } = inferred;
  if (op !== "db" && op !== "db.redis") return undefined;
  const infer = (statement: string): Inference => {
    const description = isRedis ? redisCommand(statement) : statement;
    return { op, description, source, data };
  };
  return { key, infer };
}

function queryText(attributes: AttributeBag): string | undefined {
  return textValue(attributes["db.query.text"]) ?? textValue(attributes["db.statement"]);
}

/** The most keys that a description shows: a multi-key command may have thousands. */
const MAX_KEYS = 10;

/** Ops of Sentry's Caches page, by operation (https://develop.sentry.dev/sdk/telemetry/traces/modules/caches/). */
const OP_BY_OPERATION: ReadonlyMap<unknown, string> = new Map([
  ["get", "cache.get"],
  ["put", "cache.put"],
  ["set", "cache.put"],
  ["remove", "cache.remove"],
  ["delete", "cache.remove"],
  ["flush", "cache.flush"],
  ["clear", "cache.flush"],
]);

/** Names a cache span (`cache.*` attributes) after its keys; undefined for other spans. */
export function inferCache(span: SpanDescription): Inference | undefined {
  const op = cacheOp(span.attributes);
  const keys = textValues(span.attributes["cache.key"]);
  if (op === undefined && keys.length === 0) return undefined;
  const description = keys.length === 0 ? span.name : joinNames(keys, MAX_KEYS);
  return { op: op ?? "cache", description, source: "task", data: undefined };
}

function cacheOp(attributes: AttributeBag): string | undefined {
  const op = OP_BY_OPERATION.get(attributes["cache.operation"]);
  if (op !== undefined) return op;
  return typeof attributes["cache.hit"] === "boolean" ? "cache.get" : undefined;
}
