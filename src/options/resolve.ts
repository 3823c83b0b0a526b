import { firstOf, ownKeys } from "../support/foreign.js";
import { parseDsn } from "../protocol/dsn.js";
import { OptionsError, isOptionsError } from "../protocol/errors.js";
import { textIn } from "./env.js";
import { OPTIONS, isOption, optionsFromEnvironment, variableOf } from "./option-table.js";
import type { ClientOptions, Settings } from "./options.js";
import { ownPattern } from "./text-pattern.js";
import { unknownOption } from "./unknown-option.js";
import * as address from "./address-checks.js";
import * as must from "./validate.js";

// Options that are read. An unknown option is an error, so there is no need to read more.
const MAX_READ = 1000;

const DEFAULT_SPOTLIGHT_URL = "http://localhost:8969/stream";

type SetOptions = {
  readonly [Name in keyof ClientOptions]: Exclude<ClientOptions[Name], undefined>;
};

// Every option is a property, even one without a value, so that all settings objects have the same shape.
const DEFAULTS = Object.fromEntries(
  Object.entries(OPTIONS).map(([name, definition]) => [
    name,
    "default" in definition ? definition.default : undefined,
  ]),
);

/**
 * Resolves the options, validated and frozen: code takes precedence over the environment, and the environment over
 * defaults. Throws an `OptionsError` that names the option, the expected value and the received one.
 */
export function resolveOptions(
  options: ClientOptions = {},
  environment: ClientOptions = optionsFromEnvironment(),
): Settings {
  address.optionsObject("options", options);
  validate(options);
  validateEnvironment(environment, options);
  const given = { ...withoutUnset(environment), ...withoutUnset(options) };
  const dsn = (given.dsn || "").trim() || undefined;
  const parsed =
    dsn === undefined ? undefined : blaming("dsn", options.dsn === undefined, () => parseDsn(dsn));
  const orgId = given.orgId?.toWellFormed() ?? parsed?.orgId;
  const spotlight = spotlightUrl(options.spotlight, environment.spotlight);
  // `true` in code uses the URL in the variable, which was not checked with the other variables.
  if (spotlight !== undefined)
    blaming("spotlight", typeof options.spotlight !== "string", () =>
      address.url("spotlight", spotlight),
    );
  return Object.freeze({ ...DEFAULTS, ...given, dsn, orgId, spotlight } as Settings);
}

function validate(options: ClientOptions): void {
  for (const name of ownKeys(options, MAX_READ)) {
    if (!isOption(name)) {
      const expected = unknownOption(name, {
        known: Object.keys(OPTIONS),
        ofTransport: must.HTTP_OPTION_NAMES,
      });
      throw new OptionsError({ option: must.shownName(name), expected });
    }
    const value: unknown = options[name];
    if (value !== undefined) OPTIONS[name].check(name, value);
  }
}

// A variable that an option in code overrides need not be valid. Any other problem is attributed to the variable.
function validateEnvironment(environment: ClientOptions, options: ClientOptions): void {
  for (const [option, received] of Object.entries(environment)) {
    if (!isOption(option) || options[option] !== undefined) continue;
    blaming(option, true, () => validate({ [option]: received }));
  }
}

// Runs a check, and adds the name of the variable to its error if the value came from the environment. The value is
// shown like that of an option, without credentials; a value that should be a number is shown unchanged.
function blaming<T>(option: keyof ClientOptions, isFromEnvironment: boolean, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!isFromEnvironment || !isOptionsError(error)) throw error;
    const { expected, received } = error.problem;
    const variable = variableOf(option);
    const text = variable === undefined ? undefined : textIn(variable);
    const shown = Number.isNaN(received) ? (text ?? received) : received;
    throw new OptionsError({ option, expected, received: shown, variable });
  }
}

// Copied, because the application may change its array later. All options that are lists have patterns.
function frozenList(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return Object.freeze(firstOf(value, must.MAX_LIST).map(ownPattern));
}

// An option that is `undefined` is not set, and does not override the environment.
function withoutUnset(options: ClientOptions): SetOptions {
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [name, frozenList(value)]));
}

// `true` in code means the default URL, unless the environment gives another one.
function spotlightUrl(
  option: boolean | string | undefined,
  environment: boolean | string | undefined,
): string | undefined {
  const chosen = option ?? environment;
  if (chosen === true) return typeof environment === "string" ? environment : DEFAULT_SPOTLIGHT_URL;
  return typeof chosen === "string" ? chosen : undefined;
}
