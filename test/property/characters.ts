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
