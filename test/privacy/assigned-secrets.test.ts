import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { withoutAssigned } from "../../src/privacy/assigned-secrets.js";
import { attributePrivacy } from "../../src/privacy/private-attributes.js";
import { redactedText } from "../../src/privacy/redacted.js";
import { runs } from "../property/runs.js";

const F = "[Filtered]";

describe("a text that is no JSON", () => {
  it.each([
    // JSON whose beginning was cut off.
    ['"user":"a","password":"x","n":1}', `"user":"a","password":"${F}","n":1}`],
    ['er":"a","password":"x y","n":1}', `er":"a","password":"${F}","n":1}`],
    ['a","pin":1234,"token":null}', `a","pin":${F},"token":null}`],
    ['"api key":"a\\"b","n":{"c":1}}', `"api key":"${F}","n":{"c":1}}`],
    ["'password':'x', n:1", `'password':'${F}', n:1`],
    ['the field password:"x" is new', `the field password:"${F}" is new`],
    [
      String.raw`\"a\":1,\"password\":\"x \\\"y\",\"n\":1}`,
      String.raw`\"a\":1,\"password\":\"[Filtered]\",\"n\":1}`,
    ],
    [`unexpected token:'}' in "token:reset:42"`, `unexpected token:'}' in "token:reset:42"`],
    // Assignments.
    ["DB_PASSWORD=x\nPORT=80", `DB_PASSWORD=${F}\nPORT=80`],
    ['export TOKEN="a b"', `export TOKEN="${F}"`],
    ["DB_PASSWORD='x' node app.js", `DB_PASSWORD='${F}' node app.js`],
    ["login with password=x failed", `login with password=${F} failed`],
    ["user=bob password=x,y role=admin", `user=bob password=${F} role=admin`],
    ["password=x,user=bob", `password=${F},user=bob`],
    ["user=bob&password=x&page=2", `user=bob&password=${F}&page=2`],
    ["Server=db;Password=x;Pooling=true", `Server=db;Password=${F};Pooling=true`],
    ["(token=x).", `(token=${F}).`],
    ["password = 'x'", `password = '${F}'`],
    ["db.password = hunter2x", `db.password = ${F}`],
    ['<db user="a" password="x"/>', `<db user="a" password="${F}"/>`],
    // Strings with quotation marks inside, by the rules of shells, JavaScript, JSON, SQL and Python.
    [String.raw`password="a\"b c"`, `password="${F}"`],
    [String.raw`password='a\'b c' user=me`, `password='${F}' user=me`],
    [String.raw`password='it'\''s b' user=me`, `password='${F}' user=me`],
    ['password="a""b c"', `password="${F}"`],
    ["password = 'it''s b' AND user = 'x'", `password = ${F}`],
    [String.raw`password=a\ b user=me`, `password=${F} user=me`],
    ['password=a"b c d" user=me', `password=${F} user=me`],
    ["(a, password = 'it''s b', c)", `(a, password = '${F}', c)`],
    ['password = "a b" + "c d"', `password = ${F}`],
    ['password = """a "b" c"""', `password = ${F}`],
    [String.raw`password=$'a\'b c'`, `password=$'${F}'`],
    [String.raw`run --password "a\"b c" now`, `run --password "${F}" now`],
    [String.raw`--password "a\"b c"`, `--password "${F}"`],
    ["password=it's fine", `password=${F} fine`],
    // Brackets in a value.
    ['password="a{b c" user=me', `password="${F}" user=me`],
    ["password='a[1] c' user=me", `password='${F}' user=me`],
    ["password=a{b[c user=me", `password=${F} user=me`],
    // Assignments within a string.
    ['said "user=me token=x" and "y"', `said "user=me token=${F}" and "y"`],
    ['<db conn="password=x" name="y"/>', `<db conn="password=${F}" name="y"/>`],
    // Other signs.
    ['password := "x"', `password := "${F}"`],
    ["run -password hunter2x now", `run -password ${F} now`],
    ["run --password\thunter2x", `run --password\t${F}`],
    // Lines of names and values.
    ['password: "a\nb c"\nuser: me', `password: ${F}\nuser: me`],
    // Blocks and lists of YAML.
    [
      "db:\n  user: me\n  password: |\n    a\n\n    b\n  port: 5",
      `db:\n  user: me\n  password: |\n    ${F}\n  port: 5`,
    ],
    ["api_key: >-\n  a b\nname: x", `api_key: >-\n  ${F}\nname: x`],
    ["password:\r\n  a b\r\nname: x", `password:\r\n  ${F}\r\nname: x`],
    ["- password:\n    a b\n  port: 5", `- password:\n    ${F}\n  port: 5`],
    ["api_keys:\n- a\n- b\nname: x", `api_keys:\n- ${F}\nname: x`],
    ["credentials:\n  user: me\n  pass: x\nport: 5", `credentials:\n  ${F}\nport: 5`],
    ["password:\n  hunter2x", `password:\n  ${F}`],
    ['note: "a\npassword: x y\nb: "', `note: "a\npassword: ${F}\nb: "`],
    ["user: me\npassword: x", `user: me\npassword: ${F}`],
    [
      "users:\n  - name: me\n    clientSecret: a b c",
      `users:\n  - name: me\n    clientSecret: ${F}`,
    ],
    ["'apiKey': 'xyz'", `'apiKey': ${F}`],
    ["Authorization: Token abc", `Authorization: ${F}`],
    ["Host: h\r\nCookie: theme=x\r\n\r\n", `Host: h\r\nCookie: ${F}\r\n\r\n`],
    ["wrong password: hunter2x, try again", `wrong password: ${F}, try again`],
    ["refused API key: abcd1234", `refused API key: ${F}`],
    // Headers of cookies within a line.
    ["GET / Host: h Cookie: theme=x; b=y Accept: z", `GET / Host: h Cookie: ${F} Accept: z`],
    ["sent Set-Cookie: theme=x; Path=/", `sent Set-Cookie: ${F}`],
    // Quoted values without a sign of assignment.
    ["ALTER USER bob WITH PASSWORD 'x y'", `ALTER USER bob WITH PASSWORD '${F}'`],
    ["create user bob identified by 'x'", `create user bob identified by '${F}'`],
    ['setx API_TOKEN "x"', `setx API_TOKEN "${F}"`],
    // Options in a list.
    ['spawn app ["--token","x","--port","80"]', `spawn app ["--token","${F}","--port","80"]`],
    // XML.
    ["<a><password>x</password></a>", `<a><password>${F}</password></a>`],
    ['<s:Password Type="x">y</s:Password>', `<s:Password Type="x">${F}</s:Password>`],
    ["<apiKey><![CDATA[x]]></apiKey>", `<apiKey><![CDATA[${F}]]></apiKey>`],
    ['<add key="Password" value="x y"/>', `<add key="Password" value="${F}"/>`],
    ["<input value='x' name='password'>", `<input value='${F}' name='password'>`],
    ["openssl rsa -passin pass:x -in a", `openssl rsa -passin pass:${F} -in a`],
    ["curl -bsid=x https://h", `curl -b${F} https://h`],
    // JSON and the like behind other words.
    ['payload: {"password":"x","page":2}', `payload: {"password":"${F}","page":2}`],
    ['body={"token":"x"}', `body={"token":"${F}"}`],
    ["Map(1) { 'password' => 'x' }", `Map(1) { 'password' => '${F}' }`],
    ["password: ['x', 'y'] user", `password: "${F}" user`],
    ["map[password:x user:y]", `map[password:"${F}" user:y]`],
    ["[12:00] INFO password=x user=me", `[12:00] INFO password=${F} user=me`],
    // Commands.
    ["failed: curl -u me:x -H 'x-api-key: y' h", `failed: curl -u me:${F} -H 'x-api-key: ${F}' h`],
    ["curl -b 'theme=x' --cookie theme=x h", `curl -b '${F}' --cookie ${F} h`],
    [`curl -d '{"page":2}' -u me:x https://h`, `curl -d '{"page":2}' -u me:${F} https://h`],
    ["Authorization:Bearer abc", `Authorization:${F}`],
    ["sent x-api-key:x1y2z3w4 to h", `sent x-api-key:${F} to h`],
    ["[12:00] curl -u me:x https://h", `[12:00] curl -u me:${F} https://h`],
    [`[info] curl -d '{"a":1}' -u me:x h`, `[info] curl -d '{"a":1}' -u me:${F} h`],
    [`[{"a":1}] curl -u me:x h`, `[{"a":1}] curl -u me:${F} h`],
    ["[db] create user bob identified by 'x'", `[db] create user bob identified by '${F}'`],
    ["run app --password hunter2x now", `run app --password ${F} now`],
    ["mysql -u root -phunter2 shop\nok", `mysql -u root -p${F} shop\nok`],
  ])("%j is sent as %j", (text, filtered) => {
    for (const filter of [redactedText, attributePrivacy("note", false).filter]) {
      expect(filter(text)).toBe(filtered);
      expect(filter(filtered)).toBe(filtered);
    }
  });

  it.each([
    "password: reset by user",
    "password: required",
    "token = next page",
    "Invalid token: unexpected end of input",
    "Unexpected token: b123x4 in JSON",
    "Unexpected token: ['b123x4'] in JSON",
    "Invalid token: [object Object]",
    "next page token: abc123def",
    "email: must be an email\npassword: must not be empty",
    "status: ok\ntoken: expired\nuser: bob",
    "user.password: Path `password` is required.",
    "TypeError: token: expected string, received undefined",
    "SELECT * FROM users WHERE token = $1 AND password = ?",
    "UPDATE users SET password = :password, pin=$2 WHERE id=7",
    "PASSWORD=${DB_PASSWORD} TOKEN=$TOKEN",
    "password: ${{ secrets.PASSWORD }}",
    "use --password to set the password; --token is required",
    "if (token == null) return; const key = map.get(name)",
    "key=value user=7 input_tokens=512 idempotency_key=abc-123",
    '<label>Password</label><input type="password" name="password"/>',
    "password=null token=false secret= ",
    "token count: 512 max tokens: 4096",
    "Invalid input:\npassword: reset by user",
    "errors:\n  password:\n    - must not be empty\n    - is too short\nname: x",
    "token:\n    at parse (/app/a.js:1:2)\nuser: x",
    "Enter the password:\n  it was reset",
    "password: |\nname: x",
    '<input name="password" value=""/> <add key="Theme" value="dark"/>',
    "go test -benchtime=5s -bind=x",
    "curl returned 7 - could not connect",
    "token:reset:42ab",
    "cache-key:12ab34",
    "unexpected token 'b12' at 3",
    "missing key 'user_id' in object",
    "use of Cookie: accepted by user",
    'spawn app ["--port","80","token"]',
    "ALTER USER bob WITH PASSWORD $1",
    'SET DEFAULT_REGION "eu-west-1"',
    "[api] password: reset by user",
  ])("%j stays as it is", (text) => {
    expect(redactedText(text)).toBe(text);
    expect(attributePrivacy("note", false).filter(text)).toBe(text);
  });

  it("is read in time that grows with its length", () => {
    const units = [
      "=",
      "a=",
      ": ",
      "a: ",
      "token=",
      "token: ",
      'token="',
      "token='a\" ",
      "token=a,",
      "token=a(",
      "token: x1\n",
      "- - ",
      "\n  ",
      "curl ",
      "curl -u ",
      "--token ",
      "\\\n",
      "<token>",
      "<a><![CDATA[",
      "<token a",
      "</",
      "a b c ",
      'token="a\\"',
      "token=a{",
      'token="{',
      "token=a'",
      'token=a"b ',
      "token:\n ",
      "token: |\n",
      "  token:\n\n",
      'token: "a\n',
      "--token\t",
      ' "',
    ];
    for (const unit of units) {
      const text = `password ${unit.repeat(200_000 / unit.length)}</`;
      const start = process.cpuUsage();
      redactedText(text);
      const { user, system } = process.cpuUsage(start);
      expect([unit, user + system < 2_000_000]).toEqual([unit, true]);
    }
  });

  it("takes time in proportion to a text that repeats any mixture of marks and names", () => {
    const pieces = `x-api-key: x-auth-token: password= authorization: --token " ' , ; ( ) [ ] { } null a1b2c3 \\ +`;
    const part = fc.constantFrom(" ", ...pieces.split(" "));
    const mixture = fc.array(part, { minLength: 2, maxLength: 6 }).map((parts) => parts.join(""));
    const known = ['",x-api-key:]', '"x-api-key:null,"', '"(x-auth-token:)"', ";x-api-key:"];
    fc.assert(
      fc.property(fc.oneof(mixture, fc.constantFrom(...known)), (unit) => {
        const text = unit.repeat(200_000 / unit.length);
        const start = process.cpuUsage();
        withoutAssigned(text, false);
        const { user, system } = process.cpuUsage(start);
        // Reading the rest of the text for each name would take 9 s. Usually it takes less than 0.15 s, and once took more than a
        // second while coverage was counted in six processes.
        expect(user + system).toBeLessThan(3_000_000);
      }),
      { numRuns: known.length + runs(200), examples: known.map((unit) => [unit] as [string]) },
    );
  });

  it("loses no secret between other assignments, whatever their order", () => {
    const secret = fc
      .tuple(fc.constantFrom("password", "API_KEY", "clientSecret", "db.token"), fc.nat(999))
      .map(([name, number]) => `${name}=S3CRET${number}`);
    const other = fc.constantFrom("user=me", "page=2", "input_tokens=5", 'note="a b"');
    fc.assert(
      fc.property(
        fc.array(fc.oneof(secret, other), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(" ", "\n", ", ", "; ", "&"),
        (parts, separator) => {
          const text = redactedText(parts.join(separator));
          expect(text).not.toContain("S3CRET");
          const kept = parts.filter((part) => !part.includes("S3CRET"));
          expect(kept.filter((part) => !text.includes(part))).toEqual([]);
          expect(redactedText(text)).toBe(text);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is read to its end, whatever it contains and however it is written", () => {
    const part = fc.constantFrom("S3CRET", " ", "'", '"', "\\", ",", ";", "=", "$", "&");
    const written: readonly ((value: string) => string)[] = [
      (value) => JSON.stringify(value),
      (value) => `'${value.replaceAll("\\", "").replaceAll("'", String.raw`'\''`)}'`,
      (value) => `'${value.replaceAll("\\", "").replaceAll("'", "''")}'`,
      (value) => `"${value.replaceAll("\\", "").replaceAll('"', '""')}"`,
      (value) => value.replaceAll(/[ '"\\&;,=$]/g, String.raw`\$&`),
    ];
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => `x${parts.join("")}`),
        fc.constantFrom(...written),
        fc.constantFrom("password=", "--x password=", "app DB_TOKEN="),
        (value, write, name) => {
          const text = redactedText(`${name}${write(value)} port=80`);
          expect(text).not.toContain("S3CRET");
          expect(text).toContain("port=80");
        },
      ),
      { numRuns: 500 },
    );
  });
});

it("is filtered in its first 262,144 characters where it is longer, and never throws", () => {
  for (const start of ["password=", "curl -u a:b ", '{"password":"', "x [password=", "-----"]) {
    const shown = redactedText(`${start}${"y".repeat(9_000_000)}`, false);
    expect(typeof shown).toBe("string");
  }
  expect(redactedText(`password=x1 ${"y ".repeat(200_000)}password=x2`, false)).not.toMatch(
    /x1|x2/,
  );
  expect(redactedText("y ".repeat(200_000), false)).toBe("y ".repeat(200_000));
});
