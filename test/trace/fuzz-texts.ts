import fc from "fast-check";
import { CHARACTER } from "../property/characters.js";

/** An id of `length` hexadecimal digits; sometimes the lowest or the highest. */
export function ids(length: number): fc.Arbitrary<string> {
  const bytes = fc.uint8Array({ minLength: length / 2, maxLength: length / 2 });
  const random = bytes.map((each) => Buffer.from(each).toString("hex"));
  return fc
    .oneof(
      { weight: 20, arbitrary: random },
      fc.constantFrom("1".padStart(length, "0"), "f".repeat(length)),
    )
    .filter((id) => /[^0]/.test(id));
}

export const decisions: fc.Arbitrary<boolean | undefined> = fc.constantFrom(true, false, undefined);

const PUNCTUATION = Array.from('-,=;% \t\n\0"\\é\u00a0👾\ud800');

const PARTS = [
  "4c79f60c11214eb38604f4ae0781bfb2",
  "b0e6f15b45c36b12",
  "0".repeat(32),
  "0".repeat(16),
  "sentry-",
  "sentry-trace_id=",
  "sentry-sample_rand=0.25",
  "sentry-__proto__=1",
  "%73entry-a=1",
  ...PUNCTUATION,
  "00",
  "01",
  "ff",
  "cc",
  "%20",
  "%2C",
  "%zz",
  "%E0%A4%A",
  "a=b",
  "A1",
];

const pieces = fc.array(fc.constantFrom(...PARTS), { maxLength: 12 }).map((all) => all.join(""));

/** One change to a text: characters are removed, inserted, doubled, or change case. */
const edits = fc.tuple(
  fc.nat(),
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom("", "", ...PARTS, "0", "7", "a", "f"),
);

function edited(text: string, changes: readonly (readonly [number, number, string])[]): string {
  let result = text;
  for (const [place, length, replacement] of changes) {
    const at = place % (result.length + 1);
    result = result.slice(0, at) + replacement + result.slice(at + length);
  }
  return result;
}

/** Texts: some valid headers, mostly almost valid ones, and some arbitrary ones. */
export function near(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const nearly = fc
    .tuple(valid, fc.array(edits, { minLength: 1, maxLength: 3 }))
    .map(([text, changes]) => edited(text, changes));
  return fc.oneof(
    { weight: 3, arbitrary: valid },
    { weight: 5, arbitrary: nearly },
    { weight: 2, arbitrary: pieces },
    { weight: 1, arbitrary: fc.string({ unit: CHARACTER, maxLength: 80 }) },
  );
}
