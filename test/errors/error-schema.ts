/**
 * Holds an error event against the protocol as strictly as it can be read: fields, their types, their
 * limits, and how the parts refer to each other. Unknown fields are problems, too.
 */

type Rule = (value: unknown) => readonly string[];
type Fields = Readonly<Record<string, unknown>>;

/** Bytes that an event item may have. */
export const MAX_EVENT_BYTES = 1_048_576;

const LEVELS = new Set<unknown>(["fatal", "error", "warning", "info", "debug"]);
const SOURCE = /^(?:cause|error|suppressed|errors\[\d+\])$/;
// What was cut off is told by three dots.
const CUT = 3;
const MAX_EXCEPTIONS = 6;
const MAX_FRAMES = 50;
const SNIPPED_LINE = 140 + 2 * "{snip} ".length;
const MAX_TEXT_LINE = Math.max(150, SNIPPED_LINE);

const anything: Rule = () => [];
const record: Rule = (value) => (isRecord(value) ? [] : ["is no object"]);

/** What is wrong with an event that was parsed from its JSON; nothing, if it is as the protocol has it. */
export function errorEventProblems(event: unknown): readonly string[] {
  return [...EVENT(event), ...illFormedTexts(event)];
}

/** The same for the bytes of an item. */
export function errorItemProblems(payload: Uint8Array): readonly string[] {
  if (payload.length > MAX_EVENT_BYTES) return [`has ${payload.length} bytes`];
  try {
    const json = new TextDecoder("utf-8", { fatal: true }).decode(payload);
    return errorEventProblems(JSON.parse(json));
  } catch (error) {
    return [`is no JSON in UTF-8: ${String(error)}`];
  }
}

function text(max = Infinity, pattern = /^/): Rule {
  return (value) => {
    if (typeof value !== "string") return ["is no text"];
    if (value.length > max) return [`has ${value.length} characters`];
    return pattern.test(value) ? [] : [`does not match ${pattern}: ${value.slice(0, 100)}`];
  };
}

function integer(min: number): Rule {
  return (value) =>
    Number.isSafeInteger(value) && Number(value) >= min ? [] : [`is ${String(value)}`];
}

function oneOf(values: ReadonlySet<unknown>): Rule {
  return (value) => (values.has(value) ? [] : [`is ${String(value)}`]);
}

function listOf(rule: Rule, { min = 0, max = Infinity } = {}): Rule {
  return (value) => {
    if (!Array.isArray(value)) return ["is no list"];
    const problems = value.flatMap((item: unknown, index) => inside(String(index), rule(item)));
    const isOfLength = value.length >= min && value.length <= max;
    return isOfLength ? problems : [...problems, `has ${value.length} members`];
  };
}

function shape(
  required: Readonly<Record<string, Rule>>,
  optional: Record<string, Rule> = {},
): Rule {
  const rules = new Map(Object.entries({ ...optional, ...required }));
  return (value) => {
    if (!isRecord(value)) return ["is no object"];
    const missing = Object.keys(required).filter((name) => !Object.hasOwn(value, name));
    const wrong = Object.entries(value).flatMap(([name, field]) =>
      inside(name, rules.get(name)?.(field) ?? ["is unknown"]),
    );
    return [...missing.map((name) => `${name}: is missing`), ...wrong];
  };
}

function both(first: Rule, second: Rule): Rule {
  return (value) => {
    const problems = first(value);
    return problems.length > 0 ? problems : second(value);
  };
}

const flag = oneOf(new Set([true, false]));
const hex32 = text(32, /^[0-9a-f]{32}$/);
const hex16 = text(16, /^[0-9a-f]{16}$/);
const line = text(MAX_TEXT_LINE, /^[^\n]*$/);

const FRAME: Rule = both(
  shape(
    { filename: text(1024 + CUT, /./su), function: text(256 + CUT, /./su), in_app: flag },
    {
      abs_path: text(1024 + CUT, /./su),
      module: text(1024 + CUT, /./su),
      lineno: integer(1),
      colno: integer(1),
      pre_context: listOf(line),
      context_line: line,
      post_context: listOf(line),
    },
  ),
  (frame) =>
    isRecord(frame) && frame["context_line"] === undefined && "pre_context" in frame
      ? ["has lines around none"]
      : [],
);

const MECHANISM = shape(
  { type: text(100, /^[a-z_.]+$/), handled: flag, exception_id: integer(0) },
  {
    synthetic: flag,
    source: text(100, SOURCE),
    parent_id: integer(0),
    is_exception_group: oneOf(new Set([true])),
  },
);

const EXCEPTION = shape(
  { type: text(200 + CUT, /./su), value: text(8192 + CUT), mechanism: MECHANISM },
  { stacktrace: shape({ frames: listOf(FRAME, { min: 1, max: MAX_FRAMES }) }) },
);

const IMAGE = shape({
  type: oneOf(new Set(["sourcemap"])),
  code_file: text(1024 + CUT),
  debug_id: text(64),
});

const EVENT: Rule = shape(
  {
    event_id: hex32,
    timestamp: (value) => (Number.isFinite(value) ? [] : [`is ${String(value)}`]),
    platform: oneOf(new Set(["node"])),
    level: oneOf(LEVELS),
    environment: text(64, /^[^\n\r/]+$/),
    sdk: shape({ name: text(), version: text() }, { packages: listOf(record), settings: record }),
    contexts: (value) => [...record(value), ...contextProblems(value)],
    exception: shape({
      values: both(listOf(EXCEPTION, { min: 1, max: MAX_EXCEPTIONS }), chainProblems),
    }),
  },
  {
    release: text(200, /^[^\n\r]+$/),
    dist: text(64),
    server_name: text(256),
    transaction: text(200),
    logger: text(64),
    tags: record,
    extra: record,
    user: record,
    request: record,
    fingerprint: listOf(text()),
    breadcrumbs: shape({ values: listOf(record) }),
    debug_meta: shape({ images: listOf(IMAGE, { min: 1 }) }),
    modules: anything,
  },
);

function contextProblems(contexts: unknown): readonly string[] {
  if (!isRecord(contexts)) return [];
  const trace = shape({ trace_id: hex32, span_id: hex16 }, { parent_span_id: hex16 });
  return [
    ...inside("trace", trace(contexts["trace"])),
    ...Object.entries(contexts).flatMap(([name, value]) => inside(name, record(value))),
  ];
}

/** The ids form a tree: the captured error is last and its root, the others count upwards from it. */
function chainProblems(values: unknown): readonly string[] {
  const mechanisms = (values as readonly Fields[]).map(({ mechanism }) => mechanism as Fields);
  return mechanisms
    .toReversed()
    .flatMap((mechanism, id) => inside(`exception ${id}`, linkProblems(mechanism, id, mechanisms)));
}

function linkProblems(mechanism: Fields, id: number, all: readonly Fields[]): readonly string[] {
  const { exception_id, parent_id, source, type, handled } = mechanism;
  if (exception_id !== id) return [`has the id ${String(exception_id)}`];
  if (id === 0) return parent_id === undefined && source === undefined ? [] : ["has a parent"];
  const problems: string[] = [];
  if (type !== "chained" || handled !== true) problems.push(`is of type ${String(type)}`);
  if (typeof source !== "string") problems.push("has no source");
  if (!(Number(parent_id) < id)) problems.push(`has the parent ${String(parent_id)}`);
  const parent = all.find((other) => other["exception_id"] === parent_id);
  const isInGroup = String(source).startsWith("errors[");
  if (isInGroup && parent?.["is_exception_group"] !== true) problems.push("is of no group");
  return problems;
}

function illFormedTexts(value: unknown): string[] {
  if (typeof value === "string") return value.isWellFormed() ? [] : ["a text is not well-formed"];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => [
    ...(key.isWellFormed() ? [] : ["a key is not well-formed"]),
    ...illFormedTexts(field),
  ]);
}

function inside(name: string, problems: readonly string[]): string[] {
  return problems.map((problem) => `${name}: ${problem}`);
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
