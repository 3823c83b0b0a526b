import { hostname } from "node:os";

import type { Diagnostics } from "../diagnostics/diagnostics.js";
import {
  validDist,
  validEnvironment,
  validRelease,
  validTagValue,
} from "../normalize/relay-values.js";
import type { ValueRule } from "../normalize/relay-values.js";
import type { Settings } from "../options/options.js";
import type { ResourceView } from "./capture-input.js";
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

const DEFAULT_ENVIRONMENT = "production";

/**
 * Returns the names of the process: of options, resource and environment the first that Relay takes.
 * A value that Relay would not take is repaired if that is possible, and reported.
 */
export function processNames(
  { settings, diagnostics, environmentAttributes }: ProcessSources,
  resource: Attributes | undefined,
): ProcessNames {
  const attributes = [resource ?? {}, environmentAttributes ?? {}];
  const candidates = (keys: readonly string[]): unknown[] =>
    attributes.flatMap((source) => keys.map((key) => textOf(source[key])));
  const { release, environment, dist, serverName } = settings;
  const first = firstValid(diagnostics);
  return {
    release: first("release", validRelease, [release, ...candidates(RELEASE_KEYS)]),
    environment:
      first("environment", validEnvironment, [environment, ...candidates(ENVIRONMENT_KEYS)]) ??
      DEFAULT_ENVIRONMENT,
    dist: first("dist", validDist, [dist]),
    serverName: first("serverName", validTagValue, [
      serverName,
      ...candidates(SERVER_KEYS),
      hostName(),
    ]),
  };
}

type Choice = (
  rule: ValueRule,
  valid: (value: unknown) => string | undefined,
  candidates: readonly unknown[],
) => string | undefined;

function firstValid(diagnostics: Diagnostics): Choice {
  return (rule, valid, candidates) => {
    for (const given of candidates) {
      if (typeof given !== "string" || given === "") continue;
      const sent = valid(given);
      if (sent !== given.trim()) reportBrokenSetting(diagnostics, rule, { given, sent });
      if (sent !== undefined) return sent;
    }
    return undefined;
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
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
