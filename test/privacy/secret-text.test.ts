import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { redactedField, redactedText } from "../../src/privacy/redacted.js";
import { withoutShapes } from "../../src/privacy/secret-shapes.js";
import { runs } from "../property/runs.js";

const F = "[Filtered]";

/** The text below `name`, as it is sent. */
function shown(name: string, text: string): unknown {
  return redactedField(name, text);
}

describe("a text that holds JSON", () => {
  it.each([
    ['{"password":"x","user":"me"}', `{"password":"${F}","user":"me"}`],
    ['  [1, {"apiKey" : "x" , "n":1.50}]', `  [1, {"apiKey" : "${F}" , "n":1.50}]`],
    ['{"id":12345678901234567890,"pin":1234}', `{"id":12345678901234567890,"pin":"${F}"}`],
    ['{"auth":{"user":"a","pass":"b"},"a":1}', `{"auth":"${F}","a":1}`],
    ['{"\\u0070assword":"x"}', `{"\\u0070assword":"${F}"}`],
    ['{"password":"x","password":"y"}', `{"password":"${F}","password":"${F}"}`],
    ['{"a":1}\n{"token":"x"}\n{"b":2}', `{"a":1}\n{"token":"${F}"}\n{"b":2}`],
    ['{"password":"x\\"y","a":1}', `{"password":"${F}","a":1}`],
    ['{"password":null,"token":"","secret":true}', '{"password":null,"token":"","secret":true}'],
    // Cut off by an attribute length limit.
    ['{"user":"me","password":"hunt', `{"user":"me","password":"${F}"`],
    ['{"a":{"token":["x","y', `{"a":{"token":"${F}"`],
    ['{"a":"b","body":"{\\"password\\":\\"hun', `{"a":"b","body":"{\\"password\\":\\"${F}\\""`],
    // JSON inside of JSON.
    [
      '{"body":"{\\"password\\":\\"x\\",\\"a\\":1}"}',
      `{"body":"{\\"password\\":\\"${F}\\",\\"a\\":1}"}`,
    ],
    ['"{\\"token\\":\\"x\\"}"', `"{\\"token\\":\\"${F}\\"}"`],
    ['{\\"token\\":\\"x\\",\\"a\\":1}', `{\\"token\\":\\"${F}\\",\\"a\\":1}`],
    // Pairs.
    ['[{"name":"Authorization","value":"x"}]', `[{"name":"Authorization","value":"${F}"}]`],
    ['{"key":"password","value":{"stringValue":"x"}}', `{"key":"password","value":"${F}"}`],
    ['[["authorization","x"],["accept","y"]]', `[["authorization","${F}"],["accept","y"]]`],
    ['{"headers":{"x-author":"x","a":"b"}}', `{"headers":{"x-author":"${F}","a":"b"}}`],
    // JSON5, Node's `inspect`, Python, Ruby, Java and Go.
    ["{ password: 'x y', user: 'me' }", `{ password: '${F}', user: 'me' }`],
    ["{ user: User { pass: 'x' }, n: 1 }", `{ user: User { pass: '${F}' }, n: 1 }`],
    ["[ Map(1) { 'password' => 'x' } ]", `[ Map(1) { 'password' => '${F}' } ]`],
    ["{'password': b'a,b', 'n': 1}", `{'password': b'${F}', 'n': 1}`],
    ['{:password=>"x", :n=>1}', `{:password=>"${F}", :n=>1}`],
    ["{password=x, user=me}", `{password="${F}", user=me}`],
    ["{Name:bob Password:x Team:y}", `{Name:bob Password:"${F}" Team:y}`],
    ['{"url":"https://h/?token=x&page=2"}', `{"url":"https://h/?token=${F}&page=2"}`],
  ])("%s is sent as %s", (text, filtered) => {
    for (const name of ["app.payload", "graphql.variables", "gen_ai.tool.call.arguments"])
      expect(shown(name, text)).toBe(filtered);
    expect(redactedText(`Request failed: ${text.trimStart()}`)).toBe(
      `Request failed: ${filtered.trimStart()}`,
    );
  });

  it.each([
    '{"author":"x","input_tokens":5,"sort_key":"a","nested":{"keyboard":"de"}}',
    "[Filtered]",
    "[object Object]",
    "[12:30:05] GET /keys took {5} ms",
    "{{ template }} for key",
    "}{][ token",
    "Cannot read properties of undefined (reading 'token')",
    'Unexpected token { in JSON at position 5, "password',
  ])("%s stays as it is", (text) => {
    expect(shown("app.text", text)).toBe(text);
    expect(redactedText(text)).toBe(text);
  });

  it("is withheld beyond what is read of it", () => {
    const long = `{"a":"${"x".repeat(300_000)}","password":"hunter2"}`;
    expect(shown("app.text", long)).not.toContain("hunter2");
  });
});

describe("of any JSON", () => {
  const name = fc.constantFrom("password", "apiKey", "x-auth-token", "clientSecret", "DB_PASSWORD");
  const value = fc.oneof(
    fc.constant("S3CRET\"'\\{[,]}: S3CRET"),
    fc.constant({ deep: ["S3CRET"] }),
  );

  it("no secret is left, what is valid stays valid, and all else stays", () => {
    fc.assert(
      fc.property(
        fc.record({
          rest: fc.jsonValue({ maxDepth: 3 }),
          key: name,
          secret: value,
          nesting: fc.nat(3),
          pretty: fc.boolean(),
        }),
        ({ rest, key, secret, nesting, pretty }) => {
          let given: unknown = [rest, { [key]: secret }, rest];
          let expected: unknown = [rest, { [key]: F }, rest];
          for (let level = 0; level < nesting; level++) {
            given = { body: JSON.stringify(given) };
            expected = { body: JSON.stringify(expected) };
          }
          const space = pretty ? 2 : 0;
          fc.pre(redactedText(JSON.stringify(rest)) === JSON.stringify(rest));
          const text = shown("app.text", JSON.stringify(given, null, space));
          expect(text).toBe(JSON.stringify(expected, null, space));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("no part of a secret is left wherever the text is cut off", () => {
    const text = JSON.stringify({
      a: 1,
      body: JSON.stringify({ token: "S3CRET-S3CRET" }),
      pin: "S3CRET",
    });
    for (let length = 1; length <= text.length; length++)
      expect(shown("app.text", text.slice(0, length))).not.toMatch(/S3C|CRET/);
  });
});

describe("text of any other kind", () => {
  it("is read in time that grows with its length", () => {
    const units = [
      "{",
      "[",
      '"',
      "'",
      "\\",
      '{"a":',
      "a ",
      "a=",
      "  ",
      ":",
      "{a:b,",
      "}",
      'x"',
      '\\"',
      "token{",
      "-----BEGIN PRIVATE KEY-----",
      "eyJaaaaaa.",
      "//a@",
      "Bearer ",
    ];
    for (const unit of units) {
      const text = `{"password":1,${unit.repeat(60_000 / unit.length)}`;
      const start = process.cpuUsage();
      redactedText(text);
      shown("process.command_line", text);
      const { user, system } = process.cpuUsage(start);
      expect([unit, user + system < 1_000_000]).toEqual([unit, true]);
    }
  });

  it("is never refused", () => {
    const pieces = "{ } [ ] \" ' ` \\ : = , > \n password a => null \\u00 1e5".split(" ");
    const piece = fc.constantFrom(" ", ...pieces);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (drawn) => {
        const text = drawn.join("");
        const once = redactedText(text);
        // A mark that touches a string continues it, also where that string is the replacement.
        fc.pre(!/\[Filtered\]["'`]["'`]/.test(once));
        // So does a bracket that touches a string which is not closed.
        fc.pre(!/["'`]\[Filtered\][{[]/.test(once));
        expect(redactedText(once)).toBe(once);
      }),
      { numRuns: runs(2000) },
    );
  });
});

describe("a command line", () => {
  it.each([
    ["app --password x --port 80", `app --password ${F} --port 80`],
    ["app --password=x -v", `app --password=${F} -v`],
    ['app --token "a b" run', `app --token "${F}" run`],
    ['app --token="a b" run', `app --token="${F}" run`],
    ["app --token='a b' run", `app --token='${F}' run`],
    ["PASSWORD=x NODE_ENV=test app", `PASSWORD=${F} NODE_ENV=test app`],
    ['curl -H "Authorization: Bearer x" https://h', `curl -H "Authorization: ${F}" https://h`],
    ["curl -H 'X-Api-Key:x' -H 'Accept: a'", `curl -H 'X-Api-Key:${F}' -H 'Accept: a'`],
    ["curl -u me:x https://h", `curl -u me:${F} https://h`],
    ["curl --user=me:x h", `curl --user=me:${F} h`],
    ["curl -b 'a=b' h", `curl -b '${F}' h`],
    ['curl -d \'{"password":"x","a":1}\' h', `curl -d '{"password":"${F}","a":1}' h`],
    ["curl -d 'user=me&password=x' h", `curl -d 'user=me&password=${F}' h`],
    ["psql postgres://u:p@h/db", `psql postgres://${F}:${F}@h/db`],
    [
      "java -Dpassword=x -Ddb.password=y -Xmx1g App",
      `java -Dpassword=${F} -Ddb.password=${F} -Xmx1g App`,
    ],
    ["setup.exe /password:x /quiet", `setup.exe /password:${F} /quiet`],
    [
      "docker run -e DB_PASSWORD=x -p 8080:80 -u 1000:1000 image",
      `docker run -e DB_PASSWORD=${F} -p 8080:80 -u 1000:1000 image`,
    ],
    ["helm install --set db.password=x", `helm install --set db.password=${F}`],
    ["mysql -u root -phunter2 shop", `mysql -u root -p${F} shop`],
    ["sshpass -p hunter2 ssh -p 2222 h", `sshpass -p ${F} ssh -p 2222 h`],
    ["docker login -u me -p hunter2 r", `docker login -u me -p ${F} r`],
    ["redis-cli -h db -a hunter2 ping", `redis-cli -h db -a ${F} ping`],
    ["smbclient //h/share -U me%hunter2", `smbclient //h/share -U me%${F}`],
    [
      "aws configure set aws_secret_access_key hunter2 --profile p",
      `aws configure set aws_secret_access_key ${F} --profile p`,
    ],
    ["app --password 'not closed", `app --password '${F}'`],
    ["Server=db;Password=x;Pooling=true", `Server=db;Password=${F};Pooling=true`],
  ])("%s is sent as %s", (line, filtered) => {
    expect(shown("process.command_line", line)).toBe(filtered);
    expect(shown("process.command_line", filtered)).toBe(filtered);
  });

  it.each([
    "node server.js --port 8080 -p 80 --auth-method basic --max-tokens 5 --token-type jwt",
    "C:\\Program Files\\app.exe /c dir \"a b\" 'c d'",
    "git commit -m 'fix: author key' && npm run build",
    "ssh -p 2222 me@host; tar -xzf a.tgz",
    "app --password-stdin --no-auth -v",
    "aws configure set region eu-west-1; git config set user.name me",
  ])("%s stays as it is", (line) => {
    expect(shown("process.command_line", line)).toBe(line);
    expect(redactedField("process.command_args", line.split(" "))).toEqual(line.split(" "));
  });
});

describe("a secret that is known by its shape", () => {
  const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP";
  it.each([
    [`got ${jwt} back`, `got ${F} back`],
    ["Authorization is Bearer abcdef0123456789xyz", `Authorization is Bearer ${F}`],
    ["sent Basic dXNlcjpwYXNzd29yZA== twice", `sent Basic ${F} twice`],
    ["a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b", `a ${F} b`],
    ["a -----BEGIN PRIVATE KEY-----\nMIIE", `a ${F}`],
    [["sk", "live", "4eC39HqLyjWDarjtT1zdp7dc"].join("_"), F],
    [`ghp_${"a1".repeat(18)}`, F],
    ["id AKIAIOSFODNN7EXAMPLE.", `id ${F}.`],
    [`xoxb-${"1".repeat(12)}-abc`, F],
    [`AIza${"a".repeat(35)}`, F],
  ])("is withheld: %s", (text, filtered) => {
    expect(withoutShapes(text)).toBe(filtered);
    expect(shown("app.text", text)).toBe(filtered);
  });

  it.each([
    "Basic authentication is required",
    "Bearer authentication/authorization failed",
    "the bearer of this token",
    "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
    "asia-pacific-southeast-region-1",
    "task-management-system-with-long-names",
    "eyJ",
  ])("is none: %s", (text) => {
    expect(withoutShapes(text)).toBe(text);
  });
});
