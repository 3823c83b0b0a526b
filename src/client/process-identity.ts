import type { Settings } from "../options/options.js";
import { reportBrokenSetting } from "./value-faults.js";
import { variableOf } from "../options/option-table.js";
import {
  validDist,
  validEnvironment,
  validRelease,
  validTagValue,
} from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { BoundedMap } from "../support/collections.js";
import type { ProcessIdentity } from "../trace/dsc.js";
import type { ResourceView } from "../trace/span.js";

/** Release, environment, dist and server name of the process, each valid by Relay's rules. */
export interface ProcessNames {
  readonly release: string | undefined;
  readonly environment: string;
  readonly dist: string | undefined;
  readonly serverName: string | undefined;
}

/** The options and environment variables that the names are read from, in addition to a resource. */
export interface ProcessSources {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  /** Attributes of `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`. Default: none. */
  readonly environmentAttributes?: Attributes | undefined;
}

type Attributes = ResourceView["attributes"];

// The attribute's current name first, then those of older semantic conventions.
const RELEASE_KEYS = ["service.version"];
const ENVIRONMENT_KEYS = ["deployment.environment.name", "deployment.environment"];
const SERVER_KEYS = ["service.instance.id", "host.name"];

// Characters of a value that are read. A longer value is reported without being trimmed, because it is invalid in any
// case.
const MAX_READ_LENGTH = 1024;

const DEFAULT_ENVIRONMENT = "production";

/**
 * Returns the names of the process: the first valid one of options, resource and environment. A value that Relay would
 * reject is repaired if possible, and reported.
 */
export function processNames(
  { settings, diagnostics, environmentAttributes }: ProcessSources,
  resource: Attributes | undefined,
): ProcessNames {
  const attributes = [
    { of: resource ?? {}, origin: "of the resource" },
    { of: environmentAttributes ?? {}, origin: "in OTEL_RESOURCE_ATTRIBUTES" },
  ];
  const candidates = (keys: readonly string[]): Candidate[] =>
    attributes.flatMap(({ of, origin }) =>
      keys.map((key) => ({ given: of[key], source: `\`${key}\` ${origin}` })),
    );
  const { release, environment, dist, serverName } = settings;
  const first = firstValid(diagnostics);
  return {
    release: first("release", validRelease, [
      option("release", release),
      ...candidates(RELEASE_KEYS),
    ]),
    environment:
      first("environment", validEnvironment, [
        option("environment", environment),
        ...candidates(ENVIRONMENT_KEYS),
      ]) ?? DEFAULT_ENVIRONMENT,
    dist: first("dist", validDist, [option("dist", dist)]),
    serverName: first("serverName", validTagValue, [
      option("serverName", serverName),
      ...candidates(SERVER_KEYS),
      { given: hostName(), source: "the host's name" },
    ]),
  };
}

/** A value, and a description of its source for messages. */
interface Candidate {
  readonly given: unknown;
  readonly source: string;
}

// The message names both the option and the variable, because resolved options do not record which of them set the
// value.
function option(
  name: "dist" | "environment" | "release" | "serverName",
  given: unknown,
): Candidate {
  const variable = variableOf(name);
  const source = `the option \`${name}\``;
  return { given, source: variable === undefined ? source : `${source} or ${variable}` };
}

type Choice = (
  rule: ValueRule,
  valid: (value: unknown) => string | undefined,
  candidates: readonly Candidate[],
) => string | undefined;

function firstValid(diagnostics: Diagnostics): Choice {
  return (rule, valid, candidates) => {
    for (const { given, source } of candidates) {
      if (typeof given !== "string" || given === "") continue;
      const sent = valid(given);
      if (given.length > MAX_READ_LENGTH || sent !== given.trim())
        reportBrokenSetting(diagnostics, rule, { given, sent, source });
      if (sent !== undefined) return sent;
    }
    return undefined;
  };
}

let knownHostName: string | undefined;

// Cached: `hostname` is a system call, and the name of a running host does not change.
function hostName(): string | undefined {
  try {
    knownHostName ??= process.getBuiltinModule("node:os").hostname();
  } catch {
    // Some sandboxes do not permit the call.
  }
  return knownHostName;
}

/** Maximum number of check-in ids that are remembered. Over the limit, the oldest is evicted. */
export const MAX_IDENTITIES = 10_000;

/**
 * Remembers the release and environment of each run's first check-in. Sentry drops a later check-in of the same id if
 * its environment differs, and the run then times out.
 */
export class CheckInIdentities {
  readonly #byId: BoundedMap<string, ProcessIdentity>;

  constructor(limit: number = MAX_IDENTITIES) {
    this.#byId = new BoundedMap(limit);
  }

  /** Returns the identity of the run's first check-in; stores and returns `current` if this is the first. */
  of(checkInId: string, current: ProcessIdentity): ProcessIdentity {
    // Sentry accepts a UUID with or without dashes, in upper or lower case.
    const key = checkInId.replaceAll("-", "").toLowerCase();
    const known = this.#byId.get(key);
    if (known !== undefined) return known;
    const { release, environment } = current;
    this.#byId.set(key, { release, environment });
    return current;
  }
}
