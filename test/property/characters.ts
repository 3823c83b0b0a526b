import fc from "fast-check";

const SURROGATES = 0xd8_00;
const NUMBER_OF_SURROGATES = 0x8_00;
const NUMBER_OF_CHARACTERS = 0x11_00_00 - NUMBER_OF_SURROGATES;

function characterAt(index: number): string {
  return String.fromCodePoint(index < SURROGATES ? index : index + NUMBER_OF_SURROGATES);
}

function indexOf(character: unknown): number {
  const code = typeof character === "string" ? character.codePointAt(0) : undefined;
  if (code === undefined || String.fromCodePoint(code) !== character || !character.isWellFormed())
    throw new Error("not a character");
  return code < SURROGATES ? code : code - NUMBER_OF_SURROGATES;
}

/**
 * Any character of Unicode, as a unit of `fc.string`. The unit `binary` of fast-check has the same characters, but lists all of
 * them when it is first used, which takes a process half a second of CPU time.
 */
export const CHARACTER: fc.Arbitrary<string> = fc
  .nat({ max: NUMBER_OF_CHARACTERS - 1 })
  .map(characterAt, indexOf);

// They need no percent sign in a path.
const PLAIN = "abcxyz019-._~!$&'()*+,;=:@";

const urlPart = fc.string({
  unit: fc.oneof(
    fc.nat({ max: PLAIN.length - 1 }).map((index) => PLAIN.charAt(index)),
    CHARACTER.map((character) => encodeURIComponent(character)),
  ),
  maxLength: 10,
});

function behind(sign: string): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constant(""),
    urlPart.map((text) => sign + text),
  );
}

/** URLs with a port, a path, a query and a fragment, or without. Those of fast-check list all characters as well. */
export const WEB_URL: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("http://", "https://"),
    fc.domain(),
    fc.oneof(
      fc.constant(""),
      fc.nat({ max: 0xff_ff }).map((port) => `:${port}`),
    ),
    fc.array(urlPart, { maxLength: 5 }).map((parts) => parts.map((part) => `/${part}`).join("")),
    behind("?"),
    behind("#"),
  )
  .map((parts) => parts.join(""));
