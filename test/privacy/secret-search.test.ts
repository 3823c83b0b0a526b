import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { redactedEvent, redactedFields } from "../../src/privacy/redact-event.js";
import { redacted, redactedText } from "../../src/privacy/redacted.js";
import { secretSearch } from "../../src/privacy/secret-search.js";
import type { ErrorEvent } from "../../src/protocol/events.js";
import { AttributeEncoder } from "../../src/spans/attribute-encoder.js";

const SECRET = "hunter2x";
// More assignments than one search reads.
const COUNT = 4000;
const MANY = `password=${SECRET} `.repeat(COUNT);

function eventWith(members: Partial<ErrorEvent>): ErrorEvent {
  return { event_id: "a".repeat(32), timestamp: 1, level: "error", platform: "node", ...members };
}

/** A search with `left` more steps. */
function searchWith(left: number): ReturnType<typeof secretSearch> {
  return Object.assign(secretSearch(false), { left });
}

describe("a search for secrets", () => {
  it("withholds what it does not read, in any notation and wherever it ends", () => {
    const assignment = fc.constantFrom(
      `password=${SECRET} `,
      `password: "${SECRET}"\n`,
      `{"password":"${SECRET}"},`,
      `{"a":{"b":1,"token":["${SECRET}"]}} `,
      `<password>${SECRET}</password>`,
      `<add key="password" value="${SECRET}"/>`,
      `curl -u me:${SECRET} -H 'x-api-key: ${SECRET}' h\n`,
      `Cookie: sid=${SECRET}\n`,
      `https://h/?token=${SECRET} `,
      `API_TOKEN "${SECRET}" `,
      `password: ${SECRET}=${SECRET} `,
      `<key>\n${SECRET}=\n${SECRET}</key>`,
      `{"note":"password: ${SECRET}=${SECRET}"}`,
    );
    fc.assert(
      fc.property(
        fc.tuple(assignment, fc.integer({ min: 1, max: 10 })),
        fc.nat(120),
        ([part, count], left) => {
          const text = part.repeat(count);
          expect(redactedText(text, searchWith(left))).not.toContain(SECRET);
          const members = { note: text, body: text, url: text, query: text };
          expect(JSON.stringify(redacted(members, searchWith(left)))).not.toContain(SECRET);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("is one for a whole event, and begins with the exceptions", () => {
    const event = redactedEvent(
      eventWith({
        exception: {
          values: [
            {
              type: "Error",
              value: "token_count=3 password=x",
              mechanism: { type: "generic", handled: true },
            },
          ],
        },
        extra: Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${index}`, MANY])),
        breadcrumbs: { values: [{ message: "token_count=3" }, { message: "done" }] },
      }),
      false,
    );
    expect(event.exception?.values[0]?.value).toBe("token_count=3 password=[Filtered]");
    expect(event.breadcrumbs?.values[1]?.["message"]).toBe("done");
    const text = JSON.stringify(event);
    expect(text).not.toContain(SECRET);
    expect(text.split("[Filtered]").length).toBeLessThan(COUNT);
  });

  it("reads any number of texts without a name of a secret", () => {
    const note = "a=b, c: d <e> ".repeat(COUNT);
    expect(redacted([note, note], false)).toEqual([note, note]);
  });

  it("takes steps for all that takes time, in any notation", () => {
    const parts = [
      "{}",
      "[",
      "--x y ",
      "curl -u a:b ",
      "<a>",
      "a=b&",
      "a=b;",
      "k: v\n",
      "password ",
      "account",
      "\\",
      "//a:b@",
    ];
    const names = ["note", "url", "body", "query", "command", "cookie", "connection_string"];
    for (const part of parts) {
      const text = `token ${part.repeat(8192)}`.slice(0, 8192);
      const value = Object.fromEntries(
        Array.from({ length: 128 }, (_, index) => [
          `${index}.${names[index % names.length]}`,
          text,
        ]),
      );
      expect(JSON.stringify(redacted(value, false)).length).toBeLessThan(600_000);
    }
  });

  it("reads a number of values that exceeds any event, and replaces those after them", () => {
    const list = Array.from({ length: 1000 }, (_, index) => ({ index }));
    const shown = redacted(
      Array.from({ length: 100 }, () => list),
      false,
    );
    expect(shown[0]).toEqual(list);
    expect(shown[99]).toBe("[Filtered]");
  });

  it("withholds the values of long names when no step is left, and reads short ones", () => {
    const long = "a_".repeat(50);
    const names = Array.from({ length: 2000 }, (_, index) => [`${long}${index}`, "kept"]);
    const value: object = Object.fromEntries([...names, ["note", "kept"], ["password", "x"]]);
    const shown: unknown[] = Object.values(redacted(value, false));
    expect(shown[0]).toBe("kept");
    expect(shown.slice(-3)).toEqual(["[Filtered]", "kept", "[Filtered]"]);
  });

  it("does not remember what it withheld unread", () => {
    const shared = Object.freeze({ note: "token_count=3" });
    expect(redactedFields(shared, searchWith(0))).not.toEqual(shared);
    expect(redactedFields(shared, secretSearch(false))).toEqual(shared);

    const encoder = new AttributeEncoder();
    const attributes = { long: MANY, longer: MANY, note: "token_count=3" };
    expect(encoder.encode(attributes).text).not.toContain("token_count=3");
    expect(encoder.encode({ note: "token_count=3" }).text).toContain("token_count=3");
  });
});
