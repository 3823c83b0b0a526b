import { describe, expect, it } from "vitest";

import { attributePrivacy, isOmitted } from "../../src/privacy/private-attributes.js";
import { SPAN_KIND } from "../../src/trace/span.js";

function shown(name: string, value: unknown, sendDefaultPii = false): unknown {
  return attributePrivacy(name, sendDefaultPii).filter(value);
}

function isLeftOut(name: string, kind: number, sendDefaultPii = false): boolean {
  return isOmitted(attributePrivacy(name, sendDefaultPii).omission, kind);
}

describe("by default", () => {
  it.each(["client.address", "http.client_ip", "client.socket.address"])(
    "%s is left out of every span",
    (name) => {
      for (const kind of Object.values(SPAN_KIND)) expect(isLeftOut(name, kind)).toBe(true);
      expect(isLeftOut(name, SPAN_KIND.SERVER, true)).toBe(false);
    },
  );

  it.each(["network.peer.address", "net.peer.ip", "net.sock.peer.addr"])(
    "%s is left out of a server's span: of a client's it is the server that is called",
    (name) => {
      expect(isLeftOut(name, SPAN_KIND.SERVER)).toBe(true);
      expect(isLeftOut(name, SPAN_KIND.CLIENT)).toBe(false);
      expect(isLeftOut(name, SPAN_KIND.SERVER, true)).toBe(false);
    },
  );

  it.each(["user.id", "user.email", "enduser.id", "server.address", "user_agent.original"])(
    "%s stays",
    (name) => {
      expect(isLeftOut(name, SPAN_KIND.SERVER)).toBe(false);
      expect(shown(name, "me@example.com")).toBe("me@example.com");
    },
  );

  it.each(["x-forwarded-for", "x_real_ip", "forwarded", "via"])(
    "the header %s is hidden, and sent when asked for",
    (header) => {
      const name = `http.request.header.${header}`;
      expect(shown(name, ["10.0.0.9"])).toEqual(["[Filtered]"]);
      expect(shown(name, ["10.0.0.9"], true)).toEqual(["10.0.0.9"]);
    },
  );
});

describe("cookies are withheld as a whole, and by name with `sendDefaultPii`, in", () => {
  it.each<[string, unknown, unknown]>([
    ["http.request.header.cookie", ["a=b; sid=c"], ["a=b; sid=[Filtered]"]],
    ["http.request.header.cookie", ["nonsense"], ["[Filtered]"]],
    ["http.response.header.set-cookie", ["sid=c; Path=/"], ["sid=[Filtered]; Path=/"]],
    ["http.response.header.set_cookie", ["sid=c; Path=/"], ["sid=[Filtered]; Path=/"]],
    ["http.request.header.cookie.sid", "c", "[Filtered]"],
    ["http.request.header.cookie.theme", "dark", "dark"],
    ["http.response.header.set_cookie.sessionid", "c", "[Filtered]"],
    ["http.request.header.Cookie", "a=b; sid=c", "a=b; sid=[Filtered]"],
    ["rpc.grpc.request.metadata.cookie", ["a=b"], ["a=b"]],
    ["rpc.connect_rpc.response.metadata.set-cookie", ["a=b"], ["a=b"]],
    ["http.cookies", "a=b", "a=b"],
    ["http.cookies.theme", "dark", "dark"],
    ["app.request_cookies", "a=b", "a=b"],
    ["messaging.headers", '{"Cookie":"a=b"}', '{"Cookie":"a=b"}'],
    ["app.har", '[{"name":"cookie","value":"a=b"}]', '[{"name":"cookie","value":"a=b"}]'],
    ["process.command_line", 'curl -H "Cookie: a=b" h', 'curl -H "Cookie: [Filtered]" h'],
  ])("%s", (name, value, filtered) => {
    const whole = JSON.stringify(shown(name, value));
    expect(whole).toContain("[Filtered]");
    expect(whole).not.toMatch(/a=b|sid=|dark|nonsense/);
    expect(shown(name, value, true)).toEqual(filtered);
  });

  it.each([
    ["cookie_consent", "all"],
    ["app.cookie_count", 3],
    ["accept_cookies", "yes"],
    ["cookies", 2],
  ])("and %s stays", (name, value) => {
    expect(shown(name, value)).toBe(value);
  });
});

describe("with and without `sendDefaultPii`, the secret is filtered in", () => {
  it.each<[string, unknown, unknown]>([
    ["http.request.header.authorization", ["Bearer x"], ["[Filtered]"]],
    ["http.request.header.x_api_key", "x", "[Filtered]"],
    ["http.response.header.x-auth-token", ["x", "y"], ["[Filtered]", "[Filtered]"]],
    ["http.request.header.referer", ["https://h/?token=x"], ["https://h/?token=[Filtered]"]],
    ["rpc.grpc.request.metadata.authority-x", ["x"], ["[Filtered]"]],
    ["rpc.request.metadata.trace", ["x"], ["x"]],
    ["user.password", "x", "[Filtered]"],
    ["app.apiKey", ["x"], "[Filtered]"],
    ["authToken", 7, "[Filtered]"],
    [
      "app.settings",
      { db: { password: "x", host: "h" } },
      { db: { password: "[Filtered]", host: "h" } },
    ],
    ["url.query", "token=x", "token=[Filtered]"],
    ["url.fragment", "access_token=x", "access_token=[Filtered]"],
    [
      "db.connection_string",
      "Server=h;User Id=me;Password = x y;",
      "Server=h;User Id=me;Password = [Filtered];",
    ],
    [
      "db.connection_string",
      "host=h password='x y' dbname=d",
      "host=h password=[Filtered] dbname=d",
    ],
    [
      "db.connection_string",
      "postgres://me:pw@h/d?sslkey=x",
      "postgres://[Filtered]:[Filtered]@h/d?sslkey=[Filtered]",
    ],
    [
      "db.statement",
      "COPY a FROM 'https://me:pw@h/f'",
      "COPY a FROM 'https://[Filtered]:[Filtered]@h/f'",
    ],
    [
      "exception.message",
      "no answer of http://me:pw@h/",
      "no answer of http://[Filtered]:[Filtered]@h/",
    ],
    ["process.command_args", ["node", "--api-key=x"], ["node", "--api-key=[Filtered]"]],
    [
      "http.request.body.data",
      '{"user":{"password":"x"},"a":1}',
      '{"user":{"password":"[Filtered]"},"a":1}',
    ],
    ["http.request.body.data", "password=x&a=1", "password=[Filtered]&a=1"],
    ["http.request.body.data", "some text", "[Filtered]"],
  ])("%s", (name, value, hidden) => {
    expect(shown(name, value)).toEqual(hidden);
    expect(shown(name, value, true)).toEqual(hidden);
  });

  it.each<[string, unknown]>([
    ["http.request.header.accept", ["text/html"]],
    ["db.redis.key", "user:7"],
    ["cache.key", ["user:7"]],
    ["messaging.kafka.message.key", "7"],
    ["session.id", "7"],
    ["gen_ai.usage.input_tokens", 12],
    ["url.authority", "h"],
    ["article.author", "me"],
    ["db.query.text", "SELECT a FROM tokens WHERE id = ? AND key = ?"],
    ["http.request.body.size", 12],
  ])("and %s stays", (name, value) => {
    expect(shown(name, value)).toBe(value);
  });
});
