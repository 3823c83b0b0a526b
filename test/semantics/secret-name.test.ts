import { describe, expect, it } from "vitest";

import { isSecretName } from "../../src/semantics/secret-name.js";

const SECRET =
  "auth token secret password passwd pwd key jwt bearer sso saml csrf xsrf credentials session sid " +
  "identity passwordHash api_key apiKey apikey APIKey access-token accessToken Authorization " +
  "user.password app.apiKey authToken my.secret OAuth2 oAuthToken password1 PaSsWoRd ToKeN " +
  "sessionId PHPSESSID connect.sid db_password x-api-key X-CSRF-Token refresh_token clientSecret " +
  "privateKey AWS_SECRET_ACCESS_KEY api_keys mytoken db.query.parameter.password";

const HARMLESS =
  "author authority url.authority server.authority inside side considered monkey hockey secretary " +
  "input_tokens tokenizer token_count passwordLength primary_key sortKey partitionKey keyspace " +
  "gen_ai.usage.input_tokens db.redis.key cache.key messaging.kafka.message.key session.id " +
  "messaging.rabbitmq.destination.routing_key aws.secretsmanager.secret.arn db.cassandra.keyspace " +
  "mcp.session.id sentry.dsc.public_key flag.evaluation.new-auth feature_flag.key faas.identity " +
  "user.id enduser.id id name auth.provider";

describe("a name of a secret", () => {
  it.each(SECRET.split(" "))("is %s", (name) => {
    expect(isSecretName(name)).toBe(true);
    expect(isSecretName(name)).toBe(true);
  });

  it.each([...HARMLESS.split(" "), ""])("is not '%s'", (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});
