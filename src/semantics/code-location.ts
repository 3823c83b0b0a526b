import { textValue } from "./attribute-text.js";
import type { InferredData } from "./inference.js";
import type { AttributeBag } from "../trace/span.js";

/** The place in the code under the names that Sentry's Queries page reads, when only old names are there. */
export function codeData(attributes: AttributeBag): InferredData | undefined {
  const file = textValue(attributes["code.filepath"]);
  if (file === undefined) return undefined;
  const data: Record<string, string | number> = { "code.file.path": file };
  const line = attributes["code.lineno"];
  if (typeof line === "number") data["code.line.number"] = line;
  const name = textValue(attributes["code.function"]);
  if (name !== undefined) data["code.function.name"] = name;
  return data;
}
