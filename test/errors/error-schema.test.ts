import { describe, expect, it } from "vitest";

import { MAX_EVENT_BYTES, errorEventProblems, errorItemProblems } from "./error-schema.js";

interface Loose {
  [name: string]: Loose;
}

function validEvent(): object {
  const frames = [
    { filename: "node:internal/timers", function: "?", in_app: false },
    {
      filename: "/srv/a.js",
      abs_path: "/srv/a.js",
      function: "f",
      module: "a",
      lineno: 1,
      colno: 2,
      in_app: true,
      pre_context: [],
      context_line: "throw",
      post_context: ["}"],
    },
  ];
  const linked = { type: "chained", handled: true, source: "cause", exception_id: 1, parent_id: 0 };
  return {
    event_id: "0123456789abcdef0123456789abcdef",
    timestamp: 1.5,
    platform: "node",
    level: "error",
    environment: "production",
    sdk: { name: "x", version: "1" },
    contexts: {
      trace: { trace_id: "0123456789abcdef0123456789abcdef", span_id: "0123456789abcdef" },
    },
    exception: {
      values: [
        { type: "Error", value: "cause", mechanism: linked },
        {
          type: "Error",
          value: "",
          mechanism: { type: "generic", handled: true, exception_id: 0 },
          stacktrace: { frames },
        },
      ],
    },
  };
}

/** The event with another value at a path. */
function changed(path: string, value: unknown): object {
  const event = validEvent();
  const names = path.split(".");
  const last = names.pop() ?? "";
  let place = event as Loose;
  for (const name of names) place = place[name] ?? {};
  if (value === undefined) delete place[last];
  else Object.assign(place, { [last]: value });
  return event;
}

it("finds nothing wrong with an event as the protocol has it", () => {
  expect(errorEventProblems(validEvent())).toEqual([]);
});

describe("finds", () => {
  const first = "exception.values.0";
  const last = "exception.values.1";
  it.each<[string, string, unknown]>([
    ["an id of another form", "event_id", "0123"],
    ["a time that is none", "timestamp", "now"],
    ["an unknown level", "level", "bad"],
    ["an unknown member", "colour", "red"],
    ["a missing trace", "contexts.trace", undefined],
    ["no exceptions", "exception.values", []],
    ["an exception without a type", `${last}.type`, ""],
    ["a value that is too long", `${last}.value`, "x".repeat(9000)],
    ["a stack without frames", `${last}.stacktrace.frames`, []],
    ["a frame without a file", `${last}.stacktrace.frames.0.filename`, undefined],
    ["line 0", `${last}.stacktrace.frames.1.lineno`, 0],
    ["lines around none", `${last}.stacktrace.frames.1.context_line`, undefined],
    ["a line of two", `${last}.stacktrace.frames.1.context_line`, "a\nb"],
    ["a mechanism without a type", `${last}.mechanism.type`, undefined],
    ["a root that has a parent", `${last}.mechanism.parent_id`, 0],
    ["an id that is there twice", `${first}.mechanism.exception_id`, 0],
    ["a parent that comes later", `${first}.mechanism.parent_id`, 1],
    ["a linked error without a source", `${first}.mechanism.source`, undefined],
    ["a member of a group without the group", `${first}.mechanism.source`, "errors[0]"],
    ["a lone surrogate", `${first}.value`, "\uD800"],
    ["a lone surrogate in a key", "extra", { a: [{ "\uDC00": 1 }] }],
  ])("%s", (_what, path, value) => {
    expect(errorEventProblems(changed(path, value))).not.toEqual([]);
  });

  it("an item that is too large, or no JSON", () => {
    expect(errorItemProblems(new Uint8Array(MAX_EVENT_BYTES + 1))).not.toEqual([]);
    expect(errorItemProblems(Buffer.from("{"))).not.toEqual([]);
    expect(errorItemProblems(Buffer.from(JSON.stringify(validEvent())))).toEqual([]);
  });
});
