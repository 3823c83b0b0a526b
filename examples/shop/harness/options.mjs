import { parseArgs } from "node:util";

/**
 * What was asked for on the command line.
 *
 * @param {string[]} args
 * @returns {{ requests: number, dsn?: string, spotlight: boolean, golden?: string, envelopes?: string }}
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      requests: { type: "string", default: "200" },
      dsn: { type: "string" },
      spotlight: { type: "boolean", default: false },
      golden: { type: "string" },
      envelopes: { type: "string" },
    },
  });
  const requests = Number(values.requests);
  if (!Number.isInteger(requests) || requests < 1) {
    throw new TypeError(`--requests takes a whole number from 1 on, got "${values.requests}"`);
  }
  for (const name of ["golden", "envelopes"]) {
    if (values.dsn !== undefined && values[name] !== undefined) {
      throw new TypeError(`--${name} reads what the embedded server received: leave out --dsn`);
    }
  }
  return { ...values, requests };
}
