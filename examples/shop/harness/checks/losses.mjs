/**
 * Compares the spans that Sentry received with those the other exporter was given: both must have each
 * span of the run, once.
 *
 * @param {import("../received.mjs").Received} received
 * @param {{ spanId: string, name: string }[]} otlpSpans
 * @returns {string[]} one line per span that only one side has, or has twice
 */
export function findDifferences(received, otlpSpans) {
  const ours = new Set(received.spans.map((span) => span.id));
  const theirs = new Set(otlpSpans.map((span) => span.spanId));
  return [
    ...otlpSpans
      .filter(({ spanId }) => !ours.has(spanId))
      .map(({ name }) => `"${name}": only OTLP`),
    ...received.spans
      .filter(({ id }) => !theirs.has(id))
      .map(({ name }) => `"${name}": only Sentry`),
    ...repeated("Sentry", received.spans.length - ours.size),
    ...repeated("OTLP", otlpSpans.length - theirs.size),
  ];
}

/**
 * Finds spans of the telemetry's own requests.
 *
 * @param {{ name: string, attributes: object[] }[]} otlpSpans
 * @param {string[]} urls of the servers that telemetry was sent to
 * @returns {string[]} one line per span
 */
export function findOwnRequests(otlpSpans, urls) {
  const hosts = new Set(urls.map((url) => new URL(url).host));
  return otlpSpans
    .map(({ attributes }) => attributes.find(({ key }) => key === "url.full")?.value.stringValue)
    .filter((url) => url !== undefined && hosts.has(new URL(url).host));
}

function repeated(side, count) {
  return count === 0 ? [] : [`${side} received ${count} spans twice`];
}
