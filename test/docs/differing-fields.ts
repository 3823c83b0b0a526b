// Differs in every run, whatever sends it.
const OF_RUN =
  /(?:^|\.)(?:span_id|trace_id|parent_span_id|event_id|timestamp|start_timestamp|pid|(?:peer|server)\.port)$/;

/**
 * Paths of the fields in which two events differ, such as `spans[].op`. Spans are compared by description; ids, times, ports and
 * directories are not.
 */
export function differingFields(first: unknown, second: unknown): string[] {
  const [one, other] = [fieldsOf(first), fieldsOf(second)];
  const paths = new Set([...one.keys(), ...other.keys()]);
  return [...paths].filter((path) => one.get(path) !== other.get(path)).toSorted();
}

function fieldsOf(event: unknown): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  collect(event, "", fields);
  return fields;
}

function collect(value: unknown, path: string, into: Map<string, string>): void {
  if (typeof value !== "object" || value === null) {
    if (!OF_RUN.test(path)) into.set(path, `${into.get(path) ?? ""}${cleaned(value)};`);
  } else if (Array.isArray(value)) {
    for (const entry of sorted(value)) collect(entry, `${path}[]`, into);
  } else {
    for (const [key, entry] of Object.entries(value))
      collect(entry, path === "" ? key : `${path}.${key}`, into);
  }
}

function sorted(entries: readonly unknown[]): readonly unknown[] {
  return entries.toSorted((a, b) => (descriptionOf(a) < descriptionOf(b) ? -1 : 1));
}

function descriptionOf(entry: unknown): string {
  const isSpan = typeof entry === "object" && entry !== null && "description" in entry;
  return isSpan ? cleaned(entry.description) : "";
}

function cleaned(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll(/:\d{4,5}\b/g, ":<port>")
    .replaceAll(/[^"\s]*otel-sentry-bridge-app-\w+/g, "<app>");
}
