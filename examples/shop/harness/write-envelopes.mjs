import { writeFile } from "node:fs/promises";

/**
 * Writes what the embedded server received, one envelope a line, with its payloads as JSON.
 *
 * @param {string} file
 * @param {readonly import("otel-sentry-bridge/testing").ReadEnvelope[]} envelopes
 */
export async function writeEnvelopes(file, envelopes) {
  const lines = envelopes.map(({ header, items }) => {
    const read = items.map((item) => ({ header: item.header, payload: item.json() }));
    return JSON.stringify({ header, items: read });
  });
  await writeFile(file, `${lines.join("\n")}\n`);
}
