import { textValue } from "./attribute-text.js";
import { inferCache } from "./cache-span.js";
import { codeData } from "./code-location.js";
import type { Inference } from "./inference.js";
import { databaseSystem, isRedisLike, shownStatement } from "../privacy/redis-command.js";
import type { AttributeBag, SpanView } from "../trace/span.js";

/** Names a database span after its query; undefined when no database system is given. */
export function inferDatabase(span: SpanView): Inference | undefined {
  const { attributes } = span;
  const system = databaseSystem(attributes);
  if (system === undefined) return undefined;
  if (!isRedisLike(system)) return query(span, "db");
  // A store of keys may be used as a cache, and its span then says so.
  return inferCache(span) ?? query(span, "db.redis");
}

/** Names a span that has a query but no database system, as ORMs write them. */
export function inferQuery(span: SpanView): Inference | undefined {
  return queryText(span.attributes) === undefined ? undefined : query(span, "db");
}

function query(span: SpanView, op: string): Inference {
  const { attributes } = span;
  const given = queryText(attributes);
  const statement = given === undefined ? undefined : shownStatement(given, attributes);
  const description = statement ?? textValue(attributes["db.query.summary"]) ?? span.name;
  return { op, description, source: "task", data: codeData(attributes) };
}

function queryText(attributes: AttributeBag): string | undefined {
  return textValue(attributes["db.query.text"]) ?? textValue(attributes["db.statement"]);
}
