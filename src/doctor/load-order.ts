import { extname } from "node:path";

import { hasOlderApi } from "../context/api-registration.js";
import { finding } from "./finding.js";
import type { Evidence, Finding } from "./finding.js";
import { LoadedModules } from "./loaded-modules.js";
import { addCommand } from "./package-manager.js";
import {
  filePath,
  isPreloaded,
  preloaded,
  preloadedFile,
  presentSetUp,
  realPath,
  scriptName,
  shownPath,
  startCommand,
} from "./start-command.js";

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

const INSTRUMENTATION = /^@opentelemetry\/instrumentation-([\w.-]+)$/;
const MAX_SHOWN = 4;

/** An instrumentation, and a package that it should patch. */
interface Pair {
  /** Undefined for an instrumentation that is an ES module: Node does not list them. */
  readonly name: string | undefined;
  readonly target: string;
}

/** Finds instrumentations that have patched nothing of the packages that the process has loaded. Never throws. */
export function checkLoadOrder(modules: LoadedModules = new LoadedModules()): Finding[] {
  const unpatched = pairsIn(modules).filter(
    ({ target }) => modules.positionOf(target) < Infinity && !modules.isPatched(target),
  );
  const late = unpatched.filter(
    ({ name, target }) =>
      modules.positionOf(target) <
      (name === undefined ? modules.basePosition : modules.positionOf(name)),
  );
  const unhooked = unpatched.filter(
    (each) => !late.includes(each) && modules.isImported(each.target),
  );
  return [
    ...late.map((each) => lateFinding(each, modules)),
    ...(unhooked.length === 0 ? [] : [unhookedFinding(unhooked, modules)]),
  ];
}

function pairsIn(modules: LoadedModules): Pair[] {
  const named = modules.packages.flatMap((name) => {
    const patched = INSTRUMENTATION.exec(name)?.[1];
    if (patched === undefined) return [];
    return (PATCHED[patched] ?? [patched]).map((target) => ({ name, target }));
  });
  const known = new Set(named.map(({ target }) => target));
  const awaited = modules.packages.filter((each) => !known.has(each) && modules.isAwaited(each));
  return [...named, ...awaited.map((target) => ({ name: undefined, target }))];
}

function lateFinding({ name, target }: Pair, modules: LoadedModules): Finding {
  const loader = modules.loaderOf(target);
  return finding({
    name: "loaded-too-late",
    summary: `${target} was loaded before ${name ?? "its instrumentation"}, which has patched nothing of it.`,
    evidence: [
      evidenceOf(target, "loaded first", loader),
      evidenceOf(name ?? BASE, "loaded later", name && modules.loaderOf(name)),
    ],
    mechanism: `An instrumentation patches a package while it is loaded. ${target} has no spans, and may lose the context.`,
    ...earlier({ name, target }, modules),
  });
}

function evidenceOf(name: string, id: string, loader: string | undefined): Evidence {
  return { kind: "package", name, id, at: loader === undefined ? undefined : shownPath(loader) };
}

type Fix = Pick<Finding, "code" | "fix">;

const BASE = "@opentelemetry/instrumentation";
const HTTP = "@opentelemetry/instrumentation-http";

/** Returns the fix where requests, or anything, have no spans. */
export function fixForUntraced(isHttp: boolean, modules: LoadedModules = new LoadedModules()): Fix {
  const name = modules.packages.find(
    (each) => INSTRUMENTATION.test(each) && (!isHttp || each === HTTP),
  );
  if (name === undefined && !modules.isAwaited("http"))
    return preloaded().includes("otel-sentry-bridge/register")
      ? firstSetUp()
      : {
          fix: `Install ${ITS_INSTRUMENTATIONS}, and add them to the set-up:`,
          code: addHttp(),
        };
  const setUp = setUpOf(name, modules);
  if (setUp === undefined || !isPreloaded(setUp)) return earlier({ name, target: "" }, modules);
  if (!isHttp) return { fix: USE };
  const fix = `In ${shownPath(setUp)}, register ${ITS_INSTRUMENTATIONS}, before all else is loaded:`;
  return { fix, code: addHttp() };
}

const ITS_INSTRUMENTATIONS = "the instrumentations of what the application uses";

function addHttp(): string {
  return `// ${addInstrumentations(HTTP)}\nimport { HttpInstrumentation } from "${HTTP}";\nnew NodeSDK({ instrumentations: [new HttpInstrumentation()] });`;
}

function addInstrumentations(...names: readonly string[]): string {
  return addCommand(...names.map((name) => (hasOlderApi() ? `"${name}@<0.300"` : name)));
}

/**
 * Returns the fix for an application without any set-up: a file in the working directory that was not loaded, else all that its
 * requests need to be traced, for both module formats.
 */
export function firstSetUp(modules: LoadedModules = new LoadedModules()): Fix {
  const existing = presentSetUp();
  if (existing !== undefined && !isPreloaded(existing) && !modules.has(realPath(existing)))
    return loadedFirst(existing);
  const file = "instrumentation.mjs";
  return {
    fix: `Write a set-up file, ${file}, with ${ITS_INSTRUMENTATIONS}, and load it first:`,
    code: `// ${addInstrumentations(BASE, HTTP)}
// ${startCommand(file)}
${HOOK}
import "otel-sentry-bridge/register";
import { registerInstrumentations } from "${BASE}";
import { HttpInstrumentation } from "${HTTP}";
registerInstrumentations({
  instrumentations: [new HttpInstrumentation()] });`,
  };
}

// The file that has loaded an instrumentation, as far as it is known.
function setUpOf(name: string | undefined, modules: LoadedModules): string | undefined {
  return (name === undefined ? undefined : modules.loaderOf(name)) ?? preloadedFile();
}

const USE =
  "Use the application while the doctor runs; if it was used, add the instrumentations of what it uses.";

/** Tells whether the instrumentation of HTTP was loaded. */
export function hasHttpInstrumentation(modules: LoadedModules = new LoadedModules()): boolean {
  return modules.packages.includes(HTTP) || modules.isAwaited("http");
}

function earlier({ name, target }: Pair, modules: LoadedModules): Fix {
  const setUp = setUpOf(name, modules);
  const first = modules.loaderOf(target);
  if (setUp !== undefined && isPreloaded(setUp)) return { fix: withinSetUp(setUp, first) };
  const isImported =
    target === "" ? !modules.has(process.argv[1] ?? "") : modules.isImported(target);
  const isOwnFile = setUp !== undefined && setUp !== process.argv[1] && setUp !== first;
  if (isOwnFile && !isImported) return loadedFirst(setUp);
  return inOwnFile(setUp, isImported ? "instrumentation.mjs" : "instrumentation.cjs");
}

function loadedFirst(setUp: string): Fix {
  return { fix: "Load the set-up by a flag, before the application:", code: startCommand(setUp) };
}

function inOwnFile(setUp: string | undefined, file: string): Fix {
  const from = setUp === undefined ? "" : ` from ${shownPath(setUp)}`;
  const command = startCommand(file);
  return {
    fix: `Move the set-up${from} into a file of its own, and load that first:`,
    code:
      extname(file) === ".mjs"
        ? `// ${file} begins with\n${HOOK}\n// and the command is\n// ${command}`
        : command,
  };
}

function withinSetUp(setUp: string, loader: string | undefined): string {
  const cause = loader === undefined || loader === setUp ? "all else" : shownPath(loader);
  return `In ${shownPath(setUp)}, load and register the instrumentations before ${cause}.`;
}

const HOOKS = `${BASE}/hook.mjs`;
const FOR_HOOKS = `; install ${BASE} for it:`;

const HOOK = `import { register } from "node:module";\nregister("${HOOKS}", import.meta.url);`;

function unhookedFinding(pairs: readonly Pair[], modules: LoadedModules): Finding {
  const targets = [...new Set(pairs.map(({ target }) => target))];
  return finding({
    name: "no-loader-hook",
    summary: `${targets.slice(0, MAX_SHOWN).join(", ")} ${targets.length === 1 ? "was" : "were"} loaded with \`import\`, where no instrumentation can patch it.`,
    count: targets.length,
    evidence: pairs.slice(0, MAX_SHOWN).map(({ name, target }) => ({
      kind: "package",
      name: target,
      id: `not patched by ${name ?? "its instrumentation"}`,
    })),
    mechanism: `Instrumentations see ES modules only through OpenTelemetry's loader hook, which was not registered by then. ${targets[0] ?? ""} has no spans.`,
    ...hooked(setUpOf(pairs[0]?.name, modules), modules),
  });
}

function hooked(setUp: string | undefined, modules: LoadedModules): Fix {
  if (setUp === undefined) return inOwnFile(setUp, "instrumentation.mjs");
  // A file that ends in .js or .ts may be either.
  if (!modules.has(realPath(setUp)))
    return {
      fix: `Register it at the top of the set-up file that \`--import\` loads${FOR_HOOKS}`,
      code: HOOK,
    };
  return {
    fix: `Register it by a flag${FOR_HOOKS}`,
    code: `node --require ${filePath(setUp)} \\\n  --experimental-loader=${HOOKS} \\\n  ${scriptName()}`,
  };
}
