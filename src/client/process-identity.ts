import { hostname } from "node:os";

import type { Diagnostics } from "../support/diagnostics.js";
import {
  validDist,
  validEnvironment,
  validRelease,
  validTagValue,
} from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";
import { VARIABLES } from "../options/env.js";
import type { Settings } from "../options/options.js";
import type { ResourceView } from "../trace/span-view.js";
import { reportBrokenSetting } from "./value-faults.js";

/** Release, environment, dist and server name of the process, as Relay takes them. */
export interface ProcessNames {
  readonly release: string | undefined;
  readonly environment: string;
  readonly dist: string | undefined;
  readonly serverName: string | undefined;
}

/** Sources of the names, beside a resource. */
export interface ProcessSources {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  /** Attributes that `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` name. Default: none. */
  readonly environmentAttributes?: Attributes | undefined;
}

type Attributes = ResourceView["attributes"];

// Resource attributes that name the process: the current name of each first.
const RELEASE_KEYS = ["service.version"];
const ENVIRONMENT_KEYS = ["deployment.environment.name", "deployment.environment"];
const SERVER_KEYS = ["service.instance.id", "host.name"];

// Longer ones are invalid whatever white space is at their ends.
const MAX_READ_LENGTH = 1024;

const DEFAULT_ENVIRONMENT = "production";

/**
 * Returns the names of the process: of options, resource and environment the first that Relay takes.
 * A value that Relay would not take is repaired if that is possible, and reported.
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

/** A value, and where it comes from in words. */
interface Candidate {
  readonly given: unknown;
  readonly source: string;
}

// By now an option does not show whether code or its variable has set it.
function option(
  name: "dist" | "environment" | "release" | "serverName",
  given: unknown,
): Candidate {
  const variable = VARIABLES[name];
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

// Read once: it is a system call, and the name of a running host does not change.
function hostName(): string | undefined {
  try {
    knownHostName ??= hostname();
  } catch {
    // Some sandboxes refuse the call.
  }
  return knownHostName;
}
