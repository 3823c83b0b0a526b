import { describe, expect, it } from "vitest";

import { RecordPrivacy } from "../../src/logs/record-privacy.js";

import { redactedEvent } from "../../src/privacy/redact-event.js";
import { redacted, redactedText } from "../../src/privacy/redacted.js";
import { isPersonalName } from "../../src/privacy/sensitive.js";
import { AttributeEncoder } from "../../src/spans/attribute-encoder.js";

const F = "[Filtered]";
const IP = "192.0.2.1";

const NAMES = [
  "x-forwarded-for",
  "X-Forwarded-For",
  "x_forwarded_for",
  "HTTP_X_FORWARDED_FOR",
  "xForwardedFor",
  "forwarded",
  "X-Real-IP",
  "x-client-ip",
  "client_ip",
  "clientIp",
  "true-client-ip",
  "cf-connecting-ip",
  "fastly-client-ip",
  "remote-user",
  "REMOTE_ADDR",
  "remoteAddress",
  "client.address",
  "source.address",
  "net.peer.ip",
];

describe("what identifies a client", () => {
  it.each(NAMES)(
    "is withheld as field %s, at any depth and in texts, without sendDefaultPii",
    (name) => {
      expect(redacted({ req: [{ [name]: IP, a: 1 }] })).toEqual({ req: [{ [name]: F, a: 1 }] });
      expect(redactedText(JSON.stringify({ [name]: IP }))).toBe(JSON.stringify({ [name]: F }));
      expect(redacted({ list: [[name, IP]] })).toEqual({ list: [[name, F]] });
      expect(redacted({ name, value: IP })).toEqual({ name, value: F });
      expect(redactedText(`Host: h\n${name}: ${IP}\nAccept: x`)).toBe(
        `Host: h\n${name}: ${F}\nAccept: x`,
      );
      const privacy = new RecordPrivacy(false, 1000);
      const log = privacy.attribute(name, IP, privacy.begin(1000));
      expect([undefined, F]).toContain(log);
      const { text } = new AttributeEncoder({ sendDefaultPii: false }).encode({ [name]: IP });
      expect(name === "net.peer.ip" || !text.includes(IP)).toBe(true);
    },
  );

  it.each(NAMES)("is sent as field %s with sendDefaultPii", (name) => {
    expect(redacted({ [name]: IP }, true)).toEqual({ [name]: IP });
    const privacy = new RecordPrivacy(true, 1000);
    expect(privacy.attribute(name, IP, privacy.begin(1000))).toBe(IP);
  });

  it.each(["headers", "requestHeaders", "trailers"])("is every personal header in %s", (name) => {
    const given = { via: "1.1 proxy", "x-auth-user": "me", "x-any-ip": IP, accept: "x" };
    const sent = { via: F, "x-auth-user": F, "x-any-ip": F, accept: "x" };
    expect(redacted({ [name]: given })).toEqual({ [name]: sent });
    expect(redactedText(JSON.stringify({ [name]: given }))).toBe(JSON.stringify({ [name]: sent }));
    expect(redacted({ [name]: Object.entries(given) })).toEqual({ [name]: Object.entries(sent) });
  });

  it("is left out of the request of an event", () => {
    const request = { env: { REMOTE_ADDR: IP, SERVER_NAME: "h" }, headers: { "X-Real-IP": IP } };
    const event = {
      event_id: "a",
      timestamp: 1,
      platform: "node" as const,
      level: "error" as const,
      request,
    };
    expect(redactedEvent(event, false)).toMatchObject({
      request: { env: { SERVER_NAME: "h" }, headers: { "X-Real-IP": F } },
    });
    expect(JSON.stringify(redactedEvent(event, false))).not.toContain("REMOTE_ADDR");
    expect(redactedEvent(event, true)).toMatchObject({ request });
  });
});

it.each([
  "via",
  "user",
  "current_user",
  "admin-user",
  "ip",
  "ip_address",
  "server.address",
  "network.local.address",
  "email_address",
  "address",
  "remote",
  "remote_url",
  "git.remote-name",
  "is_forwarded",
  "forwarded_to",
  "forwarded_count",
  "client_id",
  "zip",
  "clip",
  "ship",
  "recipient",
  "tooltip",
])("%s is no personal name outside of headers", (name) => {
  expect(isPersonalName(name)).toBe(false);
  expect(redacted({ [name]: "x" })).toEqual({ [name]: "x" });
});
