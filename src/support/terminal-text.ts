// Received text must not control the terminal, so control and format characters and line separators are replaced.
const MAX_LENGTH = 1000;
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Returns received text as one line that is safe to print, cut after 1000 characters. */
export function printable(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(UNPRINTABLE, "\u{FFFD}");
}

// Characters of two columns: East Asian scripts, full-width forms and emoji.
const WIDE =
  /[\u{1100}-\u{115F}\u{2E80}-\u{303E}\u{3041}-\u{A4CF}\u{AC00}-\u{D7A3}\u{F900}-\u{FAFF}\u{FE30}-\u{FE6F}\u{FF00}-\u{FF60}\u{FFE0}-\u{FFE6}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u;

// Combining marks take no column.
const COMBINING = /\p{M}/u;

// Most texts take one column per character, which this pattern recognizes fast.
const NARROW = /^[\u{20}-\u{2FF}\u{2500}-\u{257F}]*$/u;

/** Returns the number of columns of a printable text in a terminal. */
export function textWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (!COMBINING.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/**
 * Breaks a printable text into lines of at most the given number of columns: between words, and inside a word that is
 * wider than a line.
 */
export function wrapText(text: string, columns: number): string[] {
  return wrapWords(
    text.split(" ").flatMap((each) => partsOf(each, columns)),
    columns,
  );
}

/** Puts words into lines of at most the given number of columns; a wider word is a line of its own. */
export function wrapWords(words: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || textWidth(longer) <= columns) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

function partsOf(word: string, columns: number): string[] {
  if (textWidth(word) <= columns) return [word];
  const parts: string[] = [];
  let part = "";
  for (const character of word) {
    if (textWidth(part + character) > columns) {
      parts.push(part);
      part = "";
    }
    part += character;
  }
  return [...parts, part];
}
