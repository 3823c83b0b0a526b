/**
 * Tells whether the application has chosen the name of a span. Instrumentations name such spans by the operation, alone
 * or before its subject (`chat gpt-4o`), or by a function (`openai.chat`): several words that begin with any other one
 * are a chosen name.
 */
export function isChosenName(name: string, operation: string): boolean {
  const [first = "", ...others] = name.trim().split(/\s+/);
  return others.length > 0 && first.toLowerCase() !== operation.toLowerCase();
}
