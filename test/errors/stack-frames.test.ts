import { createStackParser } from "@sentry/core";
import { nodeStackLineParser } from "@sentry/core/server";
import { describe, expect, it } from "vitest";

import { parseStack } from "../../src/errors/stack-frames.js";
import { cpuTime } from "../time/measure.js";

const ROOT = "/srv/app";

function frameOf(line: string, root = ROOT) {
  return parseStack(`Error: boom\n    at ${line}`, { root })[0];
}

describe("one line of a stack becomes a frame", () => {
  it.each([
    [
      "a function of the application",
      "loadOrder (/srv/app/dist/orders.js:12:9)",
      {
        filename: "/srv/app/dist/orders.js",
        abs_path: "/srv/app/dist/orders.js",
        function: "loadOrder",
        module: "dist:orders",
        lineno: 12,
        colno: 9,
        in_app: true,
      },
    ],
    [
      "installed code, named from its package and with the call's alias",
      "Layer.handle [as handle_request] (/srv/app/node_modules/express/lib/router/layer.js:95:5)",
      {
        function: "Layer.handle [as handle_request]",
        module: "express.lib.router:layer",
        lineno: 95,
        in_app: false,
      },
    ],
    [
      "a scoped package in a nested installation",
      "f (/srv/app/node_modules/a/node_modules/@scope/pkg/dist/x.cjs:1:2)",
      { module: "@scope.pkg.dist:x", in_app: false },
    ],
    [
      "a built-in",
      "Module._compile (node:internal/modules/cjs/loader:1554:14)",
      {
        filename: "node:internal/modules/cjs/loader",
        module: "loader",
        function: "Module._compile",
        lineno: 1554,
        colno: 14,
        in_app: false,
      },
    ],
    ["no name", "/srv/app/main.js:1:7", { function: "?", module: "main", in_app: true }],
    [
      "an async function",
      "async Orders.load (/srv/app/orders.js:3:4)",
      { function: "Orders.load", lineno: 3 },
    ],
    ["async without a name", "async /srv/app/a.js:3:4", { function: "?", lineno: 3, colno: 4 }],
    [
      "a combinator",
      "async Promise.all (index 0)",
      { function: "Promise.all", filename: "index 0", in_app: false },
    ],
    ["a constructor", "new Order (/srv/app/order.js:1:1)", { function: "new Order" }],
    [
      "an anonymous member",
      "Object.<anonymous> (/srv/app/a.js:1:1)",
      { function: "Object.?", in_app: true },
    ],
    [
      "an accessor",
      "get total [as total] (/srv/app/a.js:1:1)",
      { function: "get total [as total]" },
    ],
    [
      "a built-in without a folder",
      "EventEmitter.emit (node:events:1:1)",
      { module: "node:events" },
    ],
    [
      "a source of a bundle",
      "load (webpack:///./src/orders.js?1a2b:1:1)",
      { filename: "webpack:///./src/orders.js?1a2b", module: "orders", in_app: true },
    ],
    [
      "installed code in a bundle",
      "next (webpack-internal:///./node_modules/express/lib/route.js:1:1)",
      { module: "express.lib:route", in_app: false },
    ],
    ["a path that begins with a dot", "f (./src/a.ts:1:1)", { module: "a", in_app: true }],
    ["a path that begins with a name", "f (src/a.js:1:1)", { module: "a", in_app: false }],
    ["a script from a URL", "f (https://example.com/a.js:1:1)", { module: "a", in_app: true }],
    [
      "code of `vm`",
      "f (evalmachine.<anonymous>:1:1)",
      { filename: "evalmachine.<anonymous>", in_app: false },
    ],
    [
      "code without a file",
      "Array.map (<anonymous>)",
      { function: "Array.map", filename: "<anonymous>", in_app: false },
    ],
    ["native code", "Array.forEach (native)", { function: "Array.forEach", in_app: false }],
    [
      "an ES module",
      "run (file:///srv/app/a%20b/main.mjs?v=2:5:6)",
      { filename: "/srv/app/a b/main.mjs", module: "a b:main", lineno: 5, in_app: true },
    ],
    [
      "an ES module whose address cannot be decoded",
      "run (file:///srv/app/100%/main.mjs:5:6)",
      { filename: "/srv/app/100%/main.mjs" },
    ],
    [
      "an ES module on Windows",
      "run (file:///C:/app/main.mjs:5:6)",
      { filename: "C:/app/main.mjs", abs_path: "C:/app/main.mjs", in_app: true },
    ],
    [
      "a folder with brackets in its name",
      "f (C:\\Program Files (x86)\\app\\x.js:1:2)",
      { filename: "C:\\Program Files (x86)\\app\\x.js", in_app: true },
    ],
    [
      "eval, at the place that called it",
      "eval (eval at <anonymous> (eval at s (/srv/app/e.js:5:10)), <anonymous>:1:7)",
      { function: "eval", filename: "/srv/app/e.js", lineno: 5, colno: 10, in_app: true },
    ],
    [
      "a data URL, without its data",
      "data:text/javascript,export default (()=>{throw 1})():1:28",
      { filename: "<data:text/javascript>", lineno: 1, in_app: false },
    ],
    [
      "WebAssembly",
      "inner (wasm://wasm/0a1b:wasm-function[3]:0x2f)",
      { function: "inner", in_app: false },
    ],
    ["the command line", "[eval]:3:20", { filename: "[eval]", lineno: 3, in_app: false }],
  ])("for %s", (_what, line, expected) => {
    expect(frameOf(line)).toMatchObject(expected);
  });

  it.each([
    ["f (/srv/app/a.js:0:0)", { filename: "/srv/app/a.js", lineno: undefined, colno: undefined }],
    ["f (/srv/app/a.js:3:0)", { lineno: 3, colno: undefined }],
    ["f (/:1:1)", { filename: "/", module: undefined }],
    ["f (file://:1:1)", { filename: "<anonymous>", in_app: false }],
  ])("says nothing that the server would refuse: %s", (line, expected) => {
    const { filename, lineno, colno, module, in_app } = frameOf(line) ?? {};
    expect({ filename, lineno, colno, module, in_app }).toMatchObject(expected);
  });

  it("names modules of a Windows application from its folder", () => {
    const line = "f (C:\\app\\src\\jobs\\mail.ts:1:2)";
    expect(frameOf(line, "C:\\app")).toMatchObject({ module: "src.jobs:mail", in_app: true });
  });

  it("does not take a sibling folder with the same beginning for the application's", () => {
    expect(frameOf("f (/srv/apple/lib/x.js:1:2)")).toMatchObject({ module: "x", in_app: true });
  });

  it("agrees with Sentry's own parser on an ordinary stack", () => {
    const stack = [
      "TypeError: boom",
      "    at new Order (/srv/app/dist/order.js:3:11)",
      "    at Object.<anonymous> (/srv/app/dist/main.js:8:1)",
      "    at async Orders.load (file:///srv/app/dist/orders.mjs:12:9)",
      "    at next (/srv/app/node_modules/express/lib/router/route.js:149:13)",
      "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
      "    at Array.map (<anonymous>)",
      "    at /srv/app/dist/main.js:1:1",
      "    at Layer.handle [as handle_request] (/srv/app/node_modules/express/lib/layer.js:95:5)",
      "    at webpack:///./src/orders.js:1:7",
      "    at async Promise.all (index 0)",
    ].join("\n");
    const oracle = createStackParser(nodeStackLineParser())(stack, 1);
    const ours = parseStack(stack, { root: ROOT });
    expect(ours.map(comparable)).toEqual(oracle.map(comparable));
  });
});

function comparable(frame: object) {
  const {
    filename,
    function: name,
    lineno,
    colno,
    in_app: inApp,
  } = frame as Record<string, unknown>;
  return { filename, name, lineno, colno, inApp };
}

describe("a whole stack", () => {
  it("puts the throwing line last", () => {
    const stack = "Error: x\n    at inner (/a.js:1:1)\n    at outer (/a.js:2:1)\n";
    expect(parseStack(stack).map((frame) => frame.function)).toEqual(["outer", "inner"]);
  });

  it("is empty when there is none, or no frame in it", () => {
    expect(parseStack(undefined)).toEqual([]);
    expect(parseStack("")).toEqual([]);
    expect(parseStack("Error: the store\n    at the corner\n    at (noon)")).toEqual([]);
  });

  it("reads a real error, down to the line that threw it", () => {
    const error = new Error("two\nlines");
    const last = parseStack(error.stack, { message: error.message }).at(-1);
    expect(last?.filename).toMatch(/stack-frames\.test\.ts$/);
    expect(last?.in_app).toBe(true);
  });

  it("keeps the 50 frames nearest to the throw", () => {
    const lines = Array.from({ length: 300 }, (_, index) => `    at f${index} (/srv/app/a.js:1:1)`);
    const names = parseStack(`Error: deep\n${lines.join("\n")}`).map((frame) => frame.function);
    expect(names).toHaveLength(50);
    expect(names.at(-1)).toBe("f0");
    expect(names[0]).toBe("f49");
  });

  it("passes over lines of the message that look like frames", () => {
    const inner = "Error: inner\n    at ghost (/srv/app/ghost.js:1:1)";
    const error = new TypeError(`wrapped: ${inner}`);
    const names = parseStack(error.stack, { message: error.message }).map(
      (frame) => frame.filename,
    );
    expect(names.length).toBeGreaterThan(0);
    expect(names).not.toContain("/srv/app/ghost.js");
  });

  it("leaves out a line whose numbers are no line numbers", () => {
    expect(parseStack(`Error: x\n    at f (/srv/app/a.js:${"9".repeat(400)}:1)`)).toEqual([]);
  });

  it("stops before a cause that a library has appended", () => {
    const stack =
      "Error: a\n    at a (/a.js:1:1)\ncaused by: Error: b\n    at b (/b.js:1:1)\n    at c (/c.js:1:1)";
    expect(parseStack(stack).map((frame) => frame.function)).toEqual(["a"]);
  });

  it("finds the frames behind a message of a megabyte, known or not", () => {
    const message = "x ".repeat(524_288);
    const stack = `Error: ${message}\n    at f (/srv/app/a.js:1:2)`;
    expect(parseStack(stack, { message })).toHaveLength(1);
    expect(parseStack(stack)).toHaveLength(1);
    expect(parseStack(stack, { message: "changed since" })).toHaveLength(1);
  });

  it.each([
    ["spaces", " ".repeat(1_000_000)],
    ["spaces before at", `${" ".repeat(1_000_000)}at`],
    ["opening brackets", `    at ${"(".repeat(1_000_000)}`],
    ["spaced brackets", `    at ${" (".repeat(500_000)})`],
    ["colons", `    at x${":1".repeat(500_000)}x`],
    ["digits", `    at x:${"1".repeat(1_000_000)}`],
    ["aliases", `    at ${" [as ".repeat(200_000)}] (/a.js:1:1)`],
    ["evals", `    at eval (${"eval at f (".repeat(90_000)}`],
    ["empty lines", "\n".repeat(1_000_000)],
    ["frame beginnings", "\n    at ".repeat(150_000)],
    ["async", `    at ${"async ".repeat(160_000)}`],
  ])("takes little time for a megabyte of %s", (_what, text) => {
    const cpu = cpuTime();
    parseStack(text);
    parseStack(`Error: x\n${text}`, { message: text });
    expect(cpu()).toBeLessThan(1000);
  });
});
