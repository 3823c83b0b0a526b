import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { attributePrivacy } from "../../src/privacy/private-attributes.js";
import { redisCommand } from "../../src/privacy/redis-command.js";
import { descriptionOf } from "../spans/hand-made-span.js";

// Statements of `defaultDbStatementSerializer` of @opentelemetry/redis-common 0.38, and those of older versions and custom
// serializers, which contain all arguments.
describe("a Redis command", () => {
  it.each([
    ["GET user:7", "GET user:7"],
    ["mget a b c", "mget a b c"],
    ["hget user:7 name", "hget user:7 name"],
    ["zrangebyscore z 0 10 LIMIT 0 1", "zrangebyscore z 0 10 LIMIT 0 1"],
    ["SET k [1 other arguments]", "SET k [1 other arguments]"],
    ["HSET k f [1 other arguments]", "HSET k f [1 other arguments]"],
    ["SET k ?", "SET k ?"],
    ["MULTI", "MULTI"],
    ["SET k", "SET k"],
  ])("that holds no value stays as it is: %s", (statement, shown) => {
    expect(redisCommand(statement)).toBe(shown);
  });

  it.each([
    ["set user:7 secret", "set user:7 ?"],
    ["SET k secret EX 10", "SET k ?"],
    ["SET k a value of secret words", "SET k ?"],
    ["mset a secret b secret", "mset a ?"],
    ["setex k 10 secret", "setex k ?"],
    ["HSET k f secret", "HSET k f ?"],
    ["hmset k f secret g secret", "hmset k f ?"],
    ["LPUSH q secret", "LPUSH q ?"],
    ["PUBLISH channel secret", "PUBLISH channel ?"],
    ["XADD s * field secret", "XADD s ?"],
    ["sismember s secret", "sismember s ?"],
    ["JSON.SET k $ secret", "JSON.SET k ?"],
    ["AUTH default secret", "AUTH ?"],
    ["HELLO 3 AUTH default secret", "HELLO 3 ?"],
    ["CONFIG SET requirepass secret", "CONFIG SET ?"],
    ["ACL SETUSER me >secret", "ACL SETUSER ?"],
    ["ECHO secret", "ECHO ?"],
    ["eval return redis.call('SET', KEYS[1], ARGV[1]) 1 k secret", "eval ?"],
    ["GET k\nSET l secret", "GET k ?"],
    ["SET k secret\nSET l secret", "SET k ?"],
    ['{"job":"secret"} a b', "?"],
  ])("goes without its values: %j", (statement, shown) => {
    expect(redisCommand(statement)).toBe(shown);
  });

  // As ioredis 5 sends a script of BullMQ 5 under instrumentation-ioredis: the last arguments are
  // msgpack and JSON.
  it("of a queue goes without its job", () => {
    const keys = "bull:mail:wait bull:mail:paused bull:mail:meta";
    const job = '\u0083\u00a4name\u0000 {"to":"me@example.com"} 1795341600';
    expect(redisCommand(`evalsha 9f3c 3 ${keys} ${job}`)).toBe(`evalsha 9f3c 3 ${keys} ?`);
    expect(redisCommand(`FCALL f 1 k ${job}`)).toBe("FCALL f 1 k ?");
    expect(redisCommand("evalsha 9f3c a 9 secret")).toBe("evalsha 9f3c ?");
    expect(redisCommand(`evalsha 9f3c ${job}`)).not.toContain("me@example.com");
  });

  it("shows no value of one that writes, whatever key and value are", () => {
    const word = fc.stringMatching(/^[a-z:]{1,8}$/);
    const value = fc.stringMatching(/^SECRET[ -~]{0,20}$/);
    const writes = fc.constantFrom(
      "SET",
      "getset",
      "SADD",
      "zadd",
      "RPUSH",
      "SETNX",
      "APPEND",
      "X.Y",
    );
    fc.assert(
      fc.property(writes, word, value, (command, key, secret) => {
        const shown = redisCommand(`${command} ${key} ${secret}`);
        expect(shown).toBe(`${command} ${key} ?`);
        expect(redisCommand(shown)).toBe(shown);
      }),
    );
  });
});

describe("a span of Redis", () => {
  const STATEMENT = "evalsha 9f3c 1 bull:mail:wait secret";
  it.each([
    ["redis", { "db.system": "redis", "db.statement": STATEMENT }],
    ["redis", { "db.system.name": "redis", "db.query.text": STATEMENT }],
    ["valkey", { "db.system.name": "valkey", "db.query.text": STATEMENT }],
  ])("has no value in its description nor in its attributes: %s", (_system, attributes) => {
    const expected = "evalsha 9f3c 1 bull:mail:wait ?";
    expect(inferSpan(descriptionOf("CLIENT", attributes))).toMatchObject({
      op: "db.redis",
      description: expected,
    });
    for (const key of ["db.statement", "db.query.text"]) {
      const { filter } = attributePrivacy(key, true);
      expect(filter(STATEMENT, attributes)).toBe(expected);
    }
  });

  it("is the only one whose statement is read as a command", () => {
    const sql = "SET search_path TO shop";
    const attributes = { "db.system": "postgresql", "db.statement": sql };
    expect(inferSpan(descriptionOf("CLIENT", attributes)).description).toBe(sql);
    expect(attributePrivacy("db.statement", false).filter(sql, attributes)).toBe(sql);
  });
});
