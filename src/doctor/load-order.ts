import { requireFrom } from "../support/own-file.js";
import { attempt } from "../support/foreign.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";

// The packages that an instrumentation patches, where the name does not say it.
const PATCHED: Readonly<Record<string, readonly string[]>> = {
  "aws-sdk": ["@aws-sdk/smithy-client", "@smithy/smithy-client"],
  redis: ["redis", "@redis/client"],
  "redis-4": ["@redis/client"],
  "nestjs-core": ["@nestjs/core"],
  hapi: ["@hapi/hapi"],
  grpc: ["@grpc/grpc-js"],
  koa: ["koa", "@koa/router", "koa-router"],
  cucumber: ["@cucumber/cucumber"],
  // By a channel of diagnostics, which works whichever is loaded first.
  undici: [],
};

const INSTRUMENTATION = /\/node_modules\/@opentelemetry\/instrumentation-([\w.-]+)\//;
const MODULE = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** Finds instrumentations that were loaded after the package that they patch. Never throws. */
export function checkLoadOrder(files: readonly string[] = loadedFiles()): Finding[] {
  const loaded = files.map((path) => path.replaceAll("\\", "/"));
  const first = new Map<string, number>();
  for (const [index, path] of loaded.entries()) {
    const name = nameIn(path);
    if (name !== undefined && !first.has(name)) first.set(name, index);
  }
  const late = [...first].flatMap(([name, at]) => {
    const patched = INSTRUMENTATION.exec(`/node_modules/${name}/`)?.[1];
    if (patched === undefined) return [];
    const targets = PATCHED[patched] ?? [patched];
    return targets
      .filter((target) => (first.get(target) ?? Infinity) < at)
      .map((target) => ({ name, target }));
  });
  return late.map(({ name, target }) => lateFinding(name, target));
}

// Node lists the modules in the order in which their loading began.
function loadedFiles(): string[] {
  return attempt(() => Object.keys(requireFrom(`${process.cwd()}/`).cache), []);
}

function nameIn(path: string): string | undefined {
  const inner = path.slice(path.lastIndexOf("/node_modules/"));
  return MODULE.exec(inner)?.[1];
}

function lateFinding(name: string, target: string): Finding {
  return finding({
    name: "loaded-too-late",
    summary: `${name} was loaded after ${target}, so it has patched nothing.`,
    evidence: [
      { kind: "package", name: target, id: "loaded first" },
      { kind: "package", name, id: "loaded later" },
    ],
    mechanism: `An instrumentation patches a package while it is loaded. There are no spans of ${target}, and the context may be lost in it.`,
    fix: "Load the set-up before everything else, by a flag or as the first import:",
    code: "node --import ./instrumentation.mjs app.js",
  });
}
