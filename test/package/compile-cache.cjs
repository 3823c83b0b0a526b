// Preloaded into applications of tests, which are processes of their own: keeps what V8 has compiled of CommonJS modules for the
// next process, as Node 22 does itself.
/* oxlint-disable no-underscore-dangle -- the names of Node.js */
"use strict";
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { Script, constants } = require("node:vm");
const { isMainThread } = require("node:worker_threads");

// In the built package, which goes away with its cache when the sources have changed.
const DIRECTORY = path.join(__dirname, "compiled");

// V8 rejects what it has compiled with other options.
const OPTIONS = [process.version, process.arch, ...process.execArgv].join(" ");

/** @type {Map<string, Script>} */
const added = new Map();

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

// V8 itself compares the length of a source, and not its text.
/** @param {string} source @param {string} filename */
function cacheFile(source, filename) {
  const hash = createHash("sha1").update(OPTIONS).update(filename).update(source).digest("hex");
  return path.join(DIRECTORY, hash);
}

/** @param {string} source @param {{ filename: string, cachedData?: Buffer }} options */
function newScript(source, options) {
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  try {
    return new Script(Module.wrap(source), { ...options, importModuleDynamically });
  } catch {
    // An ES module, which Node 20 can require, or an error that Node describes better.
    return undefined;
  }
}

/** @param {string} source @param {string} filename */
function scriptOf(source, filename) {
  const file = cacheFile(source, filename);
  const script = newScript(source, { filename, cachedData: read(file) });
  if (script === undefined) return undefined;
  if (script.cachedDataRejected !== false) {
    if (added.size === 0) writeInTime();
    added.set(file, script);
  }
  return script;
}

// An application that is killed has no end of its own.
const WRITE_AFTER_MILLIS = 1000;

function writeInTime() {
  setTimeout(writeAdded, WRITE_AFTER_MILLIS).unref();
  process.once("exit", writeAdded);
}

// Late, with the functions that were called, which V8 compiles then.
function writeAdded() {
  try {
    mkdirSync(DIRECTORY, { recursive: true });
    for (const [file, script] of added) {
      const written = `${file}.${process.pid}`;
      writeFileSync(written, script.createCachedData());
      renameSync(written, file);
      added.delete(file);
    }
  } catch {
    // A process may be forbidden to write, or have no descriptors left.
  }
}

const compileAnew = Module.prototype._compile;

function compile(source, filename, ...rest) {
  const script = scriptOf(source.replace(/^#!.*/u, ""), filename);
  if (script === undefined) return Reflect.apply(compileAnew, this, [source, filename, ...rest]);
  const run = script.runInThisContext();
  const require = Module.createRequire(filename);
  const parameters = [this.exports, require, this, filename, path.dirname(filename)];
  return Reflect.apply(run, this.exports, parameters);
}

if (Module.enableCompileCache !== undefined) Module.enableCompileCache(DIRECTORY);
else if (isMainThread) Module.prototype._compile = compile;

// The tracing SDK of `bundled-sdk.ts` has the API, which is fifty files otherwise.
const { SDK } = process.env;
const resolveFilename = Module._resolveFilename;
if (SDK !== undefined)
  Module._resolveFilename = (request, ...rest) =>
    request === "@opentelemetry/api" ? SDK : resolveFilename(request, ...rest);
