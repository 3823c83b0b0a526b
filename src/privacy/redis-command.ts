import type { AttributeBag } from "../trace/span.js";

/** The number of leading arguments of a command that are shown, because they are keys. */
type Shown = "all" | number;

// Commands whose arguments are keys, fields, numbers and options only: nothing is hidden.
const ALL =
  "DEL UNLINK EXISTS TOUCH TYPE TTL PTTL PERSIST DUMP EXPIRE PEXPIRE EXPIREAT PEXPIREAT EXPIRETIME KEYS SCAN " +
  "RENAME RENAMENX COPY MOVE RANDOMKEY SELECT GET GETDEL GETEX GETRANGE MGET STRLEN INCR INCRBY " +
  "INCRBYFLOAT DECR DECRBY BITCOUNT BITFIELD_RO GETBIT BITOP HGET HMGET HGETALL HDEL HEXISTS HKEYS " +
  "HVALS HLEN HSCAN HINCRBY HINCRBYFLOAT LLEN LRANGE LINDEX LPOP RPOP BLPOP BRPOP LTRIM RPOPLPUSH " +
  "BRPOPLPUSH LMOVE BLMOVE LMPOP SCARD SMEMBERS SPOP SRANDMEMBER SSCAN SINTER SUNION SDIFF SINTERSTORE " +
  "SUNIONSTORE SDIFFSTORE ZCARD ZCOUNT ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZREMRANGEBYRANK " +
  "ZREMRANGEBYSCORE ZPOPMIN ZPOPMAX BZPOPMIN BZPOPMAX ZSCAN ZUNIONSTORE ZINTERSTORE XLEN XRANGE " +
  "XREVRANGE XREAD XREADGROUP XACK XTRIM XDEL XINFO XGROUP XPENDING XCLAIM XAUTOCLAIM WATCH SUBSCRIBE " +
  "PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE PFCOUNT PFMERGE GEODIST GEOHASH GEOPOS INFO DBSIZE";

// Commands whose arguments are passwords, messages or scripts and never keys: all are hidden.
const NONE = "AUTH ECHO PING EVAL EVAL_RO";

// Commands whose first two arguments are a key and a field.
const TWO = "HSET HSETNX HMSET LSET LINSERT";

const COMMANDS: ReadonlyMap<string, Shown> = new Map<string, Shown>([
  ...ALL.split(" ").map((name) => [name, "all"] as const),
  ...NONE.split(" ").map((name) => [name, 0] as const),
  ...TWO.split(" ").map((name) => [name, 2] as const),
]);

/** Commands that give the number of their keys in the second argument: `EVALSHA sha 2 key key value …`. */
const COUNTED: ReadonlySet<string> = new Set(["EVALSHA", "EVALSHA_RO", "FCALL", "FCALL_RO"]);

// The placeholder that `@opentelemetry/redis-common` writes instead of arguments.
const LEFT_OUT = /^\[\d+ other arguments\]$/;
const ASKED = /^[?\s]*$/;

const COMMAND = /^[A-Z][\w.-]{0,31}$/;

/**
 * Returns a Redis command as it may be sent: its name and keys. Values, messages, scripts and job payloads become `?`.
 * For an unknown command the first argument is shown, which is a key or a subcommand. Returns the given string if
 * nothing is hidden.
 */
export function redisCommand(statement: string): string {
  const lineEnd = statement.indexOf("\n");
  // A line break may be part of a key, or separate commands: only the first line is shown.
  if (lineEnd !== -1) return `${redisCommand(statement.slice(0, lineEnd)).replace(/ \?$/, "")} ?`;
  const end = statement.indexOf(" ");
  const name = (end === -1 ? statement : statement.slice(0, end)).toUpperCase();
  if (!COMMAND.test(name)) return "?";
  if (end === -1) return statement;
  if (COUNTED.has(name)) return withKeys(statement);
  const shown = COMMANDS.get(name) ?? 1;
  return shown === "all" ? statement : upTo(statement, shown);
}

function withKeys(statement: string): string {
  const count = /^[^ ]+ [^ ]+ (\d{1,6})(?: |$)/.exec(statement)?.[1];
  return upTo(statement, count === undefined ? 1 : Number(count) + 2);
}

// Keeps the first `shown` arguments and replaces the rest by one `?`.
function upTo(statement: string, shown: number): string {
  let end = statement.indexOf(" ");
  for (let index = 0; index < shown && end !== -1; index++) end = statement.indexOf(" ", end + 1);
  if (end === -1) return statement;
  const rest = statement.slice(end + 1);
  return LEFT_OUT.test(rest) || ASKED.test(rest) ? statement : `${statement.slice(0, end)} ?`;
}

/** Returns the database system of a span, by the stable or the old attribute. */
export function databaseSystem(attributes: AttributeBag): string | undefined {
  return nonEmpty(attributes["db.system.name"]) ?? nonEmpty(attributes["db.system"]);
}

/** Tells whether the statements of a database system are Redis commands. */
export function isRedisLike(system: string | undefined): boolean {
  return system === "redis" || system === "valkey";
}

/** Returns a span's statement as it may be sent: Redis commands without their values. */
export function shownStatement(statement: string, attributes: AttributeBag): string {
  return isRedisLike(databaseSystem(attributes)) ? redisCommand(statement) : statement;
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
