// Rules for fields of a transaction and its spans.

export type Json = Readonly<Record<string, unknown>>;

export const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;
export const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/;

const LINK_KEYS = new Set(["trace_id", "span_id", "sampled", "attributes"]);

export function linkFaults(links: unknown): string[] {
  if (links === undefined) return [];
  if (!Array.isArray(links) || links.length === 0) return ["links is an empty list, or no list"];
  return links.flatMap((value) => {
    const link = recordOf(value);
    return faultsOf([
      [
        "the ids of a link are valid",
        TRACE_ID.test(String(link["trace_id"])) && SPAN_ID.test(String(link["span_id"])),
      ],
      ["a link says whether it is sampled", typeof link["sampled"] === "boolean"],
      [
        `a link has no more than its members: ${Object.keys(link).join()}`,
        Object.keys(link).every((key) => LINK_KEYS.has(key)),
      ],
      [
        "the attributes of a link are an object",
        link["attributes"] === undefined || isRecord(link["attributes"]),
      ],
    ]);
  });
}

export function measurementFaults(measurements: unknown): string[] {
  if (measurements === undefined) return [];
  const fields = Object.values(recordOf(measurements));
  if (fields.length === 0) return ["measurements is empty"];
  return faultsOf([
    [
      "a measurement is a number and a unit",
      fields.every((field) => {
        const { value, unit } = recordOf(field);
        return Number.isFinite(value) && typeof unit === "string";
      }),
    ],
  ]);
}

export function tagFaults(tags: unknown): string[] {
  if (tags === undefined) return [];
  return Object.entries(recordOf(tags)).flatMap(([key, value]) =>
    faultsOf([
      [`the tag key ${JSON.stringify(key)} is valid`, /^[\w.:-]{1,200}$/.test(key)],
      [
        `the tag value ${JSON.stringify(value)} is valid`,
        typeof value === "boolean" ||
          Number.isFinite(value) ||
          (typeof value === "string" && value.length <= 200 && !value.includes("\n")),
      ],
    ]),
  );
}

export function lengthFaults(event: Json, key: string, max: number): string[] {
  const value = event[key];
  const isFine = value === undefined || (typeof value === "string" && value.length <= max);
  return isFine ? [] : [`${key} is longer than ${max}`];
}

// Pairs, because tests make a million of them: keys of an object take much longer.
export function faultsOf(claims: readonly (readonly [claim: string, holds: boolean])[]): string[] {
  return claims.filter(([, holds]) => !holds).map(([claim]) => `not so: ${claim}`);
}

export function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {};
}
