import { afterEach, expect, it } from "vitest";

import { debugImages } from "../../src/errors/debug-images.js";
import { exceptionValues } from "../../src/errors/exception-values.js";

const holder = globalThis as Record<string, unknown>;
const IDS = ["a1b2c3d4-0000-4000-8000-000000000001", "a1b2c3d4-0000-4000-8000-000000000002"];

afterEach(() => {
  delete holder["_sentryDebugIds"];
  delete holder["_debugIds"];
});

// As a bundler's line in a file leaves it: the stack of that line, and who loaded the file.
function stackIn(file: string): string {
  return `Error\n    at ${file}:1:100\n    at Module._compile (node:internal/modules/cjs/loader:1:2)`;
}

function valuesOf(...files: string[]): ReturnType<typeof exceptionValues> {
  const error = new Error("x");
  error.stack = `Error: x\n${files.map((file) => `    at f (${file}:2:3)`).join("\n")}`;
  return exceptionValues(error, { type: "generic", handled: true });
}

it("an event has no images where no bundler has left debug ids", () => {
  expect(debugImages(valuesOf("/srv/a.js"))).toBeUndefined();
});

it("an event has one image for each of its files that has a debug id, of either record", () => {
  holder["_sentryDebugIds"] = { [stackIn("/srv/a.js")]: IDS[0] };
  holder["_debugIds"] = { [stackIn("file:///srv/b.mjs")]: IDS[1] };
  expect(debugImages(valuesOf("/srv/a.js", "/srv/a.js", "file:///srv/b.mjs", "/srv/c.js"))).toEqual(
    expect.arrayContaining([
      { type: "sourcemap", code_file: "/srv/a.js", debug_id: IDS[0] },
      { type: "sourcemap", code_file: "/srv/b.mjs", debug_id: IDS[1] },
    ]),
  );
});

it("a file that is loaded later is known as soon as it is in the record", () => {
  const record: Record<string, unknown> = { [stackIn("/srv/a.js")]: IDS[0] };
  holder["_sentryDebugIds"] = record;
  expect(debugImages(valuesOf("/srv/late.js"))).toBeUndefined();
  record[stackIn("/srv/late.js")] = IDS[1];
  expect(debugImages(valuesOf("/srv/late.js"))).toHaveLength(1);
});

it("records of another shape than a bundler's are ignored", () => {
  holder["_sentryDebugIds"] = { "no stack": IDS[0], "": IDS[1], [stackIn("/srv/a.js")]: 7 };
  holder["_debugIds"] = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error("trap");
      },
    },
  );
  expect(debugImages(valuesOf("/srv/a.js"))).toBeUndefined();
});
