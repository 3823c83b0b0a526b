import { describe, expect, it } from "vitest";

import { attributePrivacy } from "../../src/privacy/private-attributes.js";
import { redactedText } from "../../src/privacy/redacted.js";

const F = "[Filtered]";

describe("a text with joined options, lists of arguments or headers, names in brackets, or results of a validation", () => {
  it.each([
    ["curl -sSu me:x h", `curl -sSu me:${F} h`],
    ["curl -fsSLume:x h", `curl -fsSLume:${F} h`],
    ['curl -kb "a=b" h', `curl -kb "${F}" h`],
    ["curl -vH'X-Api-Key: x' h", `curl -vH'X-Api-Key: ${F}' h`],
    ["curl -so a:b h", "curl -so a:b h"],
    ['{"argv":["mysql","-u","root","-px","db"]}', `{"argv":["mysql","-u","root","-p${F}","db"]}`],
    ['["Host","h","Authorization","x"]', `["Host","h","Authorization","${F}"]`],
    ['["Authorization","Content-Type"]', '["Authorization","Content-Type"]'],
    ["POST user[password]=x&user[name]=b", `POST user[password]=${F}&user[name]=b`],
    ['user["api_key"]="x y"', `user["api_key"]="${F}"`],
    ['{"errors":{"password":["is too short"]}}', '{"errors":{"password":["is too short"]}}'],
    ['{"password":["is x"],"password":["x"]}', `{"password":["is x"],"password":"${F}"}`],
  ])("%s is sent as %s", (text, sent) => {
    expect(redactedText(text)).toBe(sent);
  });
});

describe("a list of arguments", () => {
  it.each([
    [
      ["curl", "-vH", "X-Api-Key: x"],
      ["curl", "-vH", `X-Api-Key: ${F}`],
    ],
    [
      ["curl", "-sSu", "me:x"],
      ["curl", "-sSu", `me:${F}`],
    ],
    ['["mysql","-u","root","-px","db"]', `["mysql","-u","root","-p${F}","db"]`],
  ])("%j is sent as %j", (given, sent) => {
    expect(attributePrivacy("process.command_args", false).filter(given)).toEqual(sent);
  });
});
