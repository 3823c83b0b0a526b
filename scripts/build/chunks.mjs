// Which modules of the sources make which chunk of the package.
import { sourceFile } from "./entries.mjs";

// An import of the package loads none of these modules but those that follow. The others, and what they alone reach,
// are loaded when a function first calls one of them: with the first client, at the latest. Without a client no function
// needs them, so that no call depends on a file that may not be readable any more, as after the end of a test of Jest.
const LATE =
  /\/src\/(?:(?:client|delivery|errors|logs|options|privacy|semantics|spans)\/|crons\/(?:monitor-config|send-check-in|span-monitor)\.|setup\/(?:bridge|build)-client\.)/;
const EARLY = new Set(
  [
    "client/event-id.ts",
    "client/hooks.ts",
    "client/public-client.ts",
    "client/valid-event.ts",
    "errors/capture.ts",
    "errors/handler-error.ts",
    "errors/logged-exceptions.ts",
    "logs/log-message.ts",
    "logs/log-records.ts",
    "logs/logger.ts",
    "logs/metrics.ts",
    "logs/typed-attribute.ts",
    "options/env.ts",
    "options/text-pattern.ts",
    "spans/shared-destination.ts",
    "spans/span-entries.ts",
  ].map(sourceFile),
);
const isLate = (id) => LATE.test(id) && !EARLY.has(id);

/** `src/support/own-file.ts` knows the package's own code by this name. */
const MAIN = "otel-sentry-bridge";
const LATE_CHUNK = "client";

/** Collects the imports of a build, and divides its modules among chunks. */
export class ModuleChunks {
  #imports = new Map();
  #names;

  plugin = {
    name: "module-chunks",
    moduleParsed: ({ id, importedIds }) => void this.#imports.set(id, importedIds),
  };

  /** Returns the chunk of a module that the main entry or the sender thread reaches; undefined for others. */
  nameOf(id) {
    this.#names ??= this.#divide();
    return this.#names.get(id);
  }

  // The sender thread loads what it needs and no more: all of the package would take it 50 ms.
  #divide() {
    const sending = this.#reached(sourceFile("delivery/thread/sending-worker.ts"));
    const main = this.#reached(sourceFile("index.ts"), isLate);
    const unneeded = [...EARLY].filter((id) => !main.has(id));
    if (unneeded.length > 0) throw new Error(`an import does not need: ${unneeded.join(", ")}`);
    const chunkOf = (id) => {
      if (sending.has(id)) return main.has(id) ? "support" : "sending";
      return main.has(id) ? MAIN : LATE_CHUNK;
    };
    const all = new Set([...sending, ...this.#reached(sourceFile("index.ts"))]);
    all.delete(sourceFile("index.ts"));
    return new Map([...all].map((id) => [id, chunkOf(id)]));
  }

  #reached(entry, isWithout = () => false) {
    const reached = new Set();
    const waiting = [entry];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (reached.has(id) || isWithout(id) || !this.#imports.has(id)) continue;
      reached.add(id);
      waiting.push(...this.#imports.get(id));
    }
    return reached;
  }
}

const requiredOf = (chunk) =>
  new RegExp(`^const (require_\\w+) = require\\(["']\\./${chunk}\\.cjs["']\\);$`, "m");
const REQUIRED_LATE = requiredOf(LATE_CHUNK);
const REQUIRED_MAIN = requiredOf(MAIN);

/**
 * The main chunk loads the late one where it uses it, by a function that is passed to it. If it named the file itself, the two
 * would be a cycle: Rollup warns of each, and can be set to load the parts of a cycle at once (`strictRequires: false`).
 * Chunks that do not load the late one pass a function that does. The late one passes itself: if a module registry was emptied
 * since the import, it loads a main chunk that no entry has loaded.
 */
export function withLateChunks(code, { name }) {
  if (name === MAIN) return { code: withLateUses(code), map: null };
  const isLateChunk = name === LATE_CHUNK;
  if (!REQUIRED_MAIN.test(code) || (!isLateChunk && REQUIRED_LATE.test(code))) return null;
  const late = isLateChunk ? "module.exports" : `require("./${LATE_CHUNK}.cjs")`;
  return { code: code.replace(REQUIRED_MAIN, `$&\n$1.useLate(() => ${late});`), map: null };
}

function withLateUses(code) {
  const required = REQUIRED_LATE.exec(code);
  if (required === null) throw new Error(`${MAIN} does not load ${LATE_CHUNK}`);
  const [statement, variable] = required;
  const uses = new RegExp(`(new )?\\b${variable}(\\.[\\w$]+)`, "g");
  const loading = `let load_late, late; const ${variable} = () => late ??= load_late();`;
  return code
    .replace(uses, (_, created, member) =>
      created === undefined ? `${variable}()${member}` : `new (${variable}()${member})`,
    )
    .replace(statement, loading)
    .replace("module.exports = { ", "$&useLate(load) { load_late ??= load; }, ");
}
