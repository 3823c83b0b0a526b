/**
 * Whether a name is one that somebody has chosen for a span whose instrumentations call it by the operation, alone or
 * before what it is about (`chat gpt-4o`), or by the name of a function (`openai.chat`): several words, the first of
 * which is another.
 */
export function isChosenName(name: string, operation: string): boolean {
  const [first = "", ...others] = name.trim().split(/\s+/);
  return others.length > 0 && first.toLowerCase() !== operation.toLowerCase();
}
