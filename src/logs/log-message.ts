import { errorMessage, errorType, textOf } from "../support/text.js";
import {
  attempt,
  firstOf,
  isError,
  isObjectLike,
  propertyOf,
  ownKeys,
  objectFrom,
} from "../support/foreign.js";
import { copyBudget } from "../support/copy-budget.js";
import type { CopyBudget } from "../support/copy-budget.js";
import { jsonText } from "./typed-attribute.js";
import { PARAMETER_PREFIX } from "./parameter-secrets.js";

/** A message with its template and parameters, so that Sentry can search for both. */
export interface ParameterizedLog {
  /** The message with the parameters filled in. */
  readonly message: string;
  /** The message with `%s` in place of each parameter. */
  readonly template: string;
  /** The parameters by index or by name. */
  readonly parameters: Readonly<Record<string, unknown>> | readonly unknown[];
}

/** The body of a log, and the attributes that its message adds. */
interface LogMessage {
  /** A string; or an object, which is sent as JSON text. */
  readonly body: object | string;
  readonly attributes: Readonly<Record<string, unknown>> | undefined;
}

/** Maximum length of a string in a log, in characters; the rest is cut off. */
export const MAX_LOG_TEXT = 32_768;

const MAX_PARAMETERS = 100;
const MAX_NAME = 200;

/**
 * Builds a parameterized message, as the tag function of a template literal. The template is in Sentry's notation: `%s`
 * for each parameter, `%%` for a per cent sign. Never throws, even if it is called with invalid arguments.
 */
export function parameterized(
  strings: readonly string[],
  ...parameters: readonly unknown[]
): ParameterizedLog {
  const texts = firstOf(strings, MAX_PARAMETERS + 1);
  // Longer strings are cut when they are sent. Read one by one: joining the parts of a long string takes milliseconds.
  const textAt = (index: number): string | undefined =>
    index < texts.length ? textOf(texts[index]).slice(0, MAX_LOG_TEXT + 1) : undefined;
  const budget = copyBudget();
  let message = textAt(0) ?? "";
  let template = escaped(message);
  for (const [index, parameter] of parameters.entries()) {
    if (message.length > MAX_LOG_TEXT && template.length > MAX_LOG_TEXT) break;
    const text = textAt(index + 1);
    if (message.length <= MAX_LOG_TEXT) message += parameterText(parameter, budget) + (text ?? "");
    if (text !== undefined) template += `%s${escaped(text)}`;
  }
  return Object.freeze({ message, template, parameters: Object.freeze(parameters) });
}

/** Reads the message argument of a log call. Never throws. */
export function logMessage(message: unknown): LogMessage {
  if (typeof message === "string") return { body: message, attributes: undefined };
  if (isError(message)) {
    const text = errorMessage(message).slice(0, MAX_LOG_TEXT + 1);
    return { body: `${errorType(message)}: ${text}`, attributes: undefined };
  }
  const template = propertyOf(message, "template");
  if (typeof template !== "string") {
    const isObject = typeof message === "object" && message !== null;
    const body = isObject ? message : jsonText(message, MAX_LOG_TEXT);
    return { body, attributes: undefined };
  }
  const text = propertyOf(message, "message");
  return {
    body: typeof text === "string" ? text : template,
    attributes: parameterAttributes(template, propertyOf(message, "parameters")),
  };
}

// A template without parameters has the same text as the message, so it is left out.
function parameterAttributes(template: string, parameters: unknown): LogMessage["attributes"] {
  const entries = parameterEntries(parameters);
  if (entries.length === 0) return undefined;
  const named = entries.map(([name, value]) => [PARAMETER_PREFIX + name, value] as const);
  return objectFrom([["sentry.message.template", template], ...named]);
}

function parameterEntries(parameters: unknown): [string, unknown][] {
  if (!isObjectLike(parameters)) return [];
  const names = attempt<readonly string[]>(() => ownKeys(parameters, MAX_PARAMETERS), []);
  return names.map((name) => [name.slice(0, MAX_NAME), propertyOf(parameters, name)]);
}

function escaped(text: string): string {
  return text.replaceAll("%", "%%");
}

function parameterText(parameter: unknown, budget: CopyBudget): string {
  const text = isObjectLike(parameter)
    ? jsonText(parameter, MAX_LOG_TEXT, budget)
    : textOf(parameter);
  // One character more than the limit, so that the message is marked as cut.
  return text.slice(0, MAX_LOG_TEXT + 1);
}
