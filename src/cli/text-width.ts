// Characters that take two columns: East Asian scripts, full-width forms, and emoji.
const WIDE =
  /[\u{1100}-\u{115F}\u{2E80}-\u{303E}\u{3041}-\u{A4CF}\u{AC00}-\u{D7A3}\u{F900}-\u{FAFF}\u{FE30}-\u{FE6F}\u{FF00}-\u{FF60}\u{FFE0}-\u{FFE6}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u;

// Combining marks stand on the character before them.
const COMBINING = /\p{M}/u;

// Most texts: one column for each character.
const NARROW = /^[\u{20}-\u{2FF}\u{2500}-\u{257F}]*$/u;

/** The number of columns that a text takes in a terminal. It must be printable. */
export function textWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (!COMBINING.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}
