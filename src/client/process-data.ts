import { isRecord } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { ProcessIdentity } from "../trace/dsc.js";
import type { JsonRecord } from "../protocol/events.js";
import { deepFreeze } from "../scope/scope-values.js";
import { resourceContexts } from "../semantics/resource-contexts.js";
import type { ResourceContexts } from "../semantics/resource-contexts.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import type { ResourceView } from "../trace/span.js";
import { processNames } from "./process-identity.js";
import type { ProcessNames, ProcessSources } from "./process-identity.js";
import { redactedFields } from "../privacy/redact-event.js";
import { secretSearch } from "../privacy/secret-search.js";
import { knownAttributes } from "./resource-attributes.js";
import { withoutUnset } from "../support/collections.js";

/** The data that describes the process in every event, as values and as JSON. */
export interface ProcessData extends ProcessNames {
  /** Attributes of the resource; undefined if none are known. */
  readonly resource: object | undefined;
  /** Release, environment, dist, server name and SDK as JSON properties, each with a leading comma. */
  readonly json: string;
  /** The contexts `runtime` and `otel` as JSON properties, each with a leading comma. */
  readonly contexts: string;
  /** Contexts of the machine that the resource describes. A scope's context of the same name takes precedence. */
  readonly machine: ResourceContexts;
  /** The contexts of `machine` as JSON properties with a leading comma, by name. */
  readonly machineJson: Readonly<Record<string, string>>;
}

/** Name and version of this package as events carry them (protocol: sdk interface). */
export const SDK_INFO: JsonRecord = deepFreeze({
  name: SDK_NAME,
  version: SDK_VERSION,
  packages: [{ name: "npm:otel-sentry-bridge", version: SDK_VERSION }],
});

const SDK_JSON = JSON.stringify(SDK_INFO);

const RUNTIME_JSON = `,"runtime":${JSON.stringify({ name: "node", version: process.version })}`;

/** The `sdk` field of envelope headers, with a leading comma. */
export const SDK_HEADER_JSON: string = `,"sdk":${JSON.stringify({ name: SDK_NAME, version: SDK_VERSION })}`;

const RESOURCE_LIMITS = { depth: 5, totalLength: 32_768 };

type Attributes = ResourceView["attributes"];

/**
 * Returns a function that builds the data for a resource. The result is cached per resource (there is one per
 * provider), and rebuilt when asynchronous detectors have added attributes.
 */
export function createProcessData(
  sources: ProcessSources,
): (resource: ResourceView | undefined) => ProcessData {
  const byResource = new WeakMap<object, { pending: number; data: ProcessData }>();
  const withoutResource = build(sources, undefined);
  return (resource) => {
    if (resource === undefined) return withoutResource;
    const last = byResource.get(resource);
    if (last?.pending === 0) return last.data;
    const { attributes, pending } = knownAttributes(resource);
    if (last?.pending === pending) return last.data;
    const data = build(sources, attributes);
    byResource.set(resource, { pending, data });
    return data;
  };
}

/** Returns the data with the release and environment that the segment's sampling context already carries. */
export function withSegmentIdentity(
  data: ProcessData,
  identity: ProcessIdentity | undefined,
): ProcessData {
  if (identity === undefined) return data;
  const { release, environment } = identity;
  if (release === data.release && environment === data.environment) return data;
  return withJson({ ...data, release, environment });
}

/** Returns the process's contexts as JSON, except for those that `own` replaces. */
export function processContextsJson(data: ProcessData, own: Readonly<object>): string {
  let text = data.contexts;
  for (const [name, field] of Object.entries(data.machineJson)) {
    if (!Object.hasOwn(own, name)) text += field;
  }
  return text;
}

function build(sources: ProcessSources, resource: Attributes | undefined): ProcessData {
  const shown = resource ?? sources.environmentAttributes ?? {};
  const isKnown = resource !== undefined || Object.keys(shown).length > 0;
  const { sendDefaultPii } = sources.settings;
  // Frozen, because all events share them.
  const known = isKnown
    ? deepFreeze(redactedFields(resourceCopy(shown), secretSearch(sendDefaultPii)))
    : undefined;
  const machine = deepFreeze(resourceContexts(known ?? {}));
  return withJson({
    ...processNames(sources, resource),
    machine,
    machineJson: fieldsByName(machine),
    resource: known,
    contexts:
      RUNTIME_JSON + (known === undefined ? "" : `,"otel":${JSON.stringify({ resource: known })}`),
  });
}

function fieldsByName(contexts: ResourceContexts): Record<string, string> {
  const entries = Object.entries(contexts);
  return Object.fromEntries(
    entries.map(([name, context]) => [name, `,"${name}":${JSON.stringify(context)}`]),
  );
}

function withJson(data: Omit<ProcessData, "json">): ProcessData {
  const { release, environment, dist, serverName } = data;
  const event = withoutUnset({ release, environment, dist, server_name: serverName });
  const json = `,${JSON.stringify(normalize(event)).slice(1, -1)},"sdk":${SDK_JSON}`;
  return { ...data, json };
}

function resourceCopy(attributes: Attributes): JsonRecord {
  const copy = normalize(attributes, RESOURCE_LIMITS);
  return isRecord(copy) ? copy : {};
}
