import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { addContextLines } from "../../src/errors/context-lines.js";
import { exceptionValues } from "../../src/errors/exception-values.js";
import { SourceFiles } from "../../src/errors/source-files.js";
import type { ExceptionValue, StackFrame } from "../../src/protocol/events.js";

const MECHANISM = { type: "generic", handled: true };

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "context-lines-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: Buffer | string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function numbered(count: number, end = "\n"): string {
  return Array.from({ length: count }, (_, index) => `line ${index + 1}${end}`).join("");
}

function frameOf(path: string, parts: Partial<StackFrame> = {}): StackFrame {
  return { filename: path, abs_path: path, function: "f", lineno: 10, in_app: true, ...parts };
}

function valueOf(frames: StackFrame[]): ExceptionValue {
  return { type: "Error", value: "x", mechanism: MECHANISM, stacktrace: { frames } };
}

function contextOf(frame: StackFrame, lines = 2): StackFrame {
  addContextLines([valueOf([frame])], lines, new SourceFiles());
  return frame;
}

/** Counts the reads of the disk. */
class CountingFiles extends SourceFiles {
  readonly reads: string[] = [];

  override read(path: string): ReturnType<SourceFiles["read"]> {
    this.reads.push(path);
    return super.read(path);
  }
}

it("an error that a file throws shows the lines around the throw", async () => {
  const path = write("thrower.mjs", "export function run(id) {\n  throw new Error(id);\n}\n");
  const module = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as {
    run(id: string): void;
  };
  const thrown = ((): unknown => {
    try {
      return module.run("x");
    } catch (error) {
      return error;
    }
  })();
  const values = exceptionValues(thrown, MECHANISM);
  addContextLines(values, 5);
  expect(values[0]?.stacktrace?.frames.at(-1)).toMatchObject({
    abs_path: path,
    lineno: 2,
    pre_context: ["export function run(id) {"],
    context_line: "  throw new Error(id);",
    post_context: ["}"],
  });
});

describe("the lines of a frame", () => {
  it.each([
    {
      where: "in the middle",
      lineno: 10,
      pre: ["line 8", "line 9"],
      post: ["line 11", "line 12"],
    },
    { where: "at the beginning", lineno: 1, pre: [], post: ["line 2", "line 3"] },
    { where: "at the end", lineno: 20, pre: ["line 18", "line 19"], post: [] },
  ])("are those around it, $where of the file", ({ lineno, pre, post }) => {
    const frame = contextOf(frameOf(write("twenty.js", numbered(20)), { lineno }));
    expect(frame).toMatchObject({
      pre_context: pre,
      context_line: `line ${lineno}`,
      post_context: post,
    });
  });

  it("are read without the ends of Windows' lines and without a byte order mark", () => {
    const path = write("windows.ts", `\uFEFF${numbered(3, "\r\n")}`);
    expect(contextOf(frameOf(path, { lineno: 1 }))).toMatchObject({
      context_line: "line 1",
      post_context: ["line 2", "line 3"],
    });
  });

  it("are cut at 140 characters around the column", () => {
    const path = write("long.js", `${"a".repeat(300)}X${"b".repeat(300)}\n${"c".repeat(500)}`);
    const frame = contextOf(frameOf(path, { lineno: 1, colno: 301 }));
    expect(frame.context_line).toBe(`{snip} ${"a".repeat(59)}X${"b".repeat(80)} {snip}`);
    expect(frame.post_context).toEqual([`${"c".repeat(140)} {snip}`]);
  });

  it("stay well-formed where a cut goes through a character, and bytes that are no text are replaced", () => {
    const path = write("emoji.js", Buffer.concat([Buffer.from("😀".repeat(3000)), Buffer.of(255)]));
    const frame = contextOf(frameOf(path, { lineno: 1, colno: 100 }));
    expect(frame.context_line?.isWellFormed()).toBe(true);
    expect(frame.context_line?.length).toBeLessThan(160);
  });

  it("are left as they are if the frame has them", () => {
    const path = write("own.js", numbered(20));
    expect(contextOf(frameOf(path, { context_line: "own" }))).toEqual(
      frameOf(path, { context_line: "own" }),
    );
  });
});

describe("a frame has none", () => {
  it.each<[string, () => StackFrame]>([
    ["of a file that is not there", () => frameOf(join(folder, "missing.js"))],
    ["beyond the file's end", () => frameOf(write("short.js", "one"), { lineno: 2 })],
    ["beyond line 10,000", () => frameOf(write("b.js", numbered(10_010)), { lineno: 10_001 })],
    ["beyond column 1,000", () => frameOf(write("c.js", numbered(20)), { colno: 1001 })],
    [
      "without a line",
      () => ({ filename: "f", abs_path: write("d.js", "x"), function: "?", in_app: true }),
    ],
    ["without an absolute path", () => ({ ...frameOf("node:fs"), abs_path: "node:fs" })],
    ["of a minified file", () => frameOf(write("e.min.js", numbered(20)))],
    ["of a file that is no source", () => frameOf(write("secrets.txt", numbered(20)))],
    ["of a file of more than 1 MiB", () => frameOf(write("f.js", "x\n".repeat(600_000)))],
    ["of a folder", () => frameOf(`${folder}/../${folder.split("/").at(-1)}`)],
    ["of a network share", () => frameOf(`/${write("g.js", numbered(20))}`)],
  ])("%s", (_what, make) => {
    expect(contextOf(make())).not.toHaveProperty("context_line");
  });

  it("if no lines are asked for", () => {
    const files = new CountingFiles();
    const frame = frameOf(write("zero.js", numbered(20)));
    addContextLines([valueOf([frame])], 0, files);
    expect(frame).not.toHaveProperty("context_line");
    expect(files.reads).toEqual([]);
  });

  it.skipIf(process.platform === "win32")("of a pipe, and nothing waits for its other end", () => {
    const path = join(folder, "pipe.js");
    execFileSync("mkfifo", [path]);
    expect(statSync(path).isFIFO()).toBe(true);
    expect(contextOf(frameOf(path))).not.toHaveProperty("context_line");
  });
});

describe("what is read", () => {
  it("is at most ten new files per event: the application's first, from the throw outwards", () => {
    const installed = Array.from({ length: 12 }, (_, index) =>
      frameOf(write(`many-${index}.js`, numbered(20)), { in_app: false }),
    );
    const own = Array.from({ length: 3 }, (_, index) =>
      frameOf(write(`own-${index}.js`, numbered(20))),
    );
    const files = new CountingFiles();
    addContextLines([valueOf([...own, ...installed])], 1, files);
    expect(files.reads).toEqual(
      [...own.toReversed(), ...installed.toReversed().slice(0, 7)].map((frame) => frame.abs_path),
    );
    addContextLines([valueOf([...own, ...installed])], 1, files);
    expect(files.reads).toHaveLength(15);
  });

  it("is read once, what cannot be read included", () => {
    const files = new CountingFiles();
    const paths = [write("once.js", numbered(20)), join(folder, "absent.js")];
    for (let round = 0; round < 3; round += 1) {
      addContextLines([valueOf(paths.map((path) => frameOf(path)))], 1, files);
    }
    expect(files.reads).toHaveLength(2);
  });

  it("is kept up to a number of bytes; the least recently used goes first", () => {
    const [a = "", b = "", c = ""] = ["a", "b", "c"].map((name) =>
      write(`kept-${name}.js`, "0123456789"),
    );
    const files = new SourceFiles({ keptBytes: 20 });
    files.read(a);
    files.read(b);
    files.read(a);
    files.read(c);
    expect([a, b, c].map((path) => files.known(path) !== undefined)).toEqual([true, false, true]);
  });

  it("is remembered as unreadable for a number of paths", () => {
    const files = new SourceFiles({ unreadable: 2 });
    const paths = ["x", "y", "z"].map((name) => join(folder, `${name}.js`));
    for (const path of paths) files.read(path);
    expect(paths.map((path) => files.known(path) !== undefined)).toEqual([false, true, true]);
  });

  it("leaves room for the rest of an event", () => {
    const path = write("wide.js", `${"x".repeat(150)}\n`.repeat(2000));
    const frames = Array.from({ length: 50 }, (_, index) => frameOf(path, { lineno: 500 + index }));
    addContextLines([valueOf(frames)], 500);
    expect(JSON.stringify(frames).length).toBeLessThan(120_000);
    expect(frames.at(-1)?.context_line).toBeDefined();
  });
});
