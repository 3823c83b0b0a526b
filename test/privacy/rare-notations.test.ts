import { describe, expect, it } from "vitest";

import { attributePrivacy } from "../../src/privacy/private-attributes.js";
import { redacted, redactedText } from "../../src/privacy/redacted.js";

const F = "[Filtered]";

describe("a list of a name and its value", () => {
  it.each([
    [["authorization", "Bearer abc123DEF456gh"], F],
    [["x-api-key", "abc123def4"], F],
    [["Cookie", "theme=dark"], F],
    [["password", "email"], "email"],
    [["password1", "password2"], "password2"],
    [["Authorization", "Content-Type"], "Content-Type"],
    [["token", "expired at 10:30"], "expired at 10:30"],
    [["key", "user:order42"], "user:order42"],
    [["the password of x", "abc123def4"], "abc123def4"],
  ])("%j keeps its name, and its value becomes %j", (list, value) => {
    expect(redacted(list)).toEqual([list[0], value]);
    expect(redacted({ items: list })).toEqual({ items: [list[0], value] });
    expect(redactedText(JSON.stringify(list))).toBe(JSON.stringify([list[0], value]));
  });
});

describe("a text", () => {
  it.each([
    ["got Bearer abc123DEF456gh", `got Bearer ${F}`],
    ["Bearer authentication of OAuth2Token", "Bearer authentication of OAuth2Token"],
    ["uses bearer OAuth2Token here", "uses bearer OAuth2Token here"],
    ["machine h login u password hunter", `machine h login u password ${F}`],
    ["machine h\n  login u\n  password hunter\n", `machine h\n  login u\n  password ${F}\n`],
    ["machine learning needs a login and a password", undefined],
    ["npm config set //r/:_authToken x1y2z3", `npm config set //r/:_authToken ${F}`],
    ["//r/:_authToken is missing", undefined],
    ["Authorization: required", undefined],
    ["cookie: too large", undefined],
    ["Cookie: missing\nAuthorization: invalid token", undefined],
    ["Authorization: required-abc12345", `Authorization: ${F}`],
    ["Authorization: expired abc123def", `Authorization: ${F}`],
    ["Authorization: abcdefgh", `Authorization: ${F}`],
    ["Cookie: sid", `Cookie: ${F}`],
    ['{"password" /* a */ : "hunter"}', `{"password" /* a */ : "${F}"}`],
    ['{"password": // a\n "hunter", "b": 1}', `{"password": // a\n "${F}", "b": 1}`],
    ['{"url": //host\n "password": "hunter"}', `{"url": //host\n "password": "${F}"}`],
  ])("%j is sent as %j", (text, sent = text) => {
    expect(redactedText(text)).toBe(sent);
  });
});

describe("a command line", () => {
  it.each([
    ["keytool -list -storepass x -keystore k", `keytool -list -storepass ${F} -keystore k`],
    ["keytool -importkeystore -destkeypass x", `keytool -importkeystore -destkeypass ${F}`],
    ["ssh-keygen -t rsa -P x -N y -f k", `ssh-keygen -t rsa -P ${F} -N ${F} -f k`],
    ["ssh-keygen -lf k", undefined],
    ["htpasswd -b f u x", `htpasswd -b f u ${F}`],
    ["htpasswd -nbB u x", `htpasswd -nbB u ${F}`],
    ["htpasswd -B -C 10 -b f u x", `htpasswd -B -C 10 -b f u ${F}`],
    ["htpasswd -b f u x && curl -u a:b h", `htpasswd -b f u ${F} && curl -u a:${F} h`],
    ["htpasswd -c f u", undefined],
  ])("%s is sent as %s, also in a text", (line, sent = line) => {
    expect(attributePrivacy("process.command_line", false).filter(line)).toBe(sent);
    expect(redactedText(line)).toBe(sent);
  });

  it.each([
    ["ab -n 9 -A u:x http://h/", `ab -n 9 -A u:${F} http://h/`],
    ["ab -n 9 -Pu:x http://h/", `ab -n 9 -Pu:${F} http://h/`],
    ["xfreerdp /u:a /p:x /v:h", `xfreerdp /u:a /p:${F} /v:h`],
    ["xfreerdp /v:h /gp:x /port:3389", `xfreerdp /v:h /gp:${F} /port:3389`],
    ["net use Z: \\\\h\\s /user:a x", `net use Z: \\\\h\\s /user:a ${F}`],
    ["net use \\\\h\\s x /user:a", `net use \\\\h\\s ${F} /user:a`],
    ["net use Z: \\\\h\\s /persistent:yes", undefined],
    ["net start spooler", undefined],
    ["npm config set //r/:_authToken x", `npm config set //r/:_authToken ${F}`],
  ])("%s is sent as %s", (line, sent = line) => {
    expect(attributePrivacy("process.command_line", false).filter(line)).toBe(sent);
  });
});
