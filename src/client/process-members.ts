import { normalize } from "../normalize/normalize.js";
import type { JsonRecord } from "../protocol/error-event.js";
import type { Settings } from "../options/options.js";
import { resourceContexts } from "../semantics/resource-contexts.js";
import type { ResourceContexts } from "../semantics/resource-contexts.js";
import { redacted } from "./redact.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import type { ResourceView } from "./capture-input.js";
import { isRecord } from "./valid-event.js";
import { withoutUnset } from "./without-unset.js";

/** What every event of a process says about it. */
export interface ProcessMembers {
  readonly release: string | undefined;
  readonly environment: string;
  readonly serverName: string | undefined;
  /** Attributes of the resource; undefined where none is known. */
  readonly resource: object | undefined;
  /** The same as JSON members, each with a leading comma. */
  readonly json: string;
  /** Members of `contexts` that do not change, each with a leading comma. */
  readonly contexts: string;
  /** Contexts of the machine, by the resource. A scope's context of the same name replaces one. */
  readonly machine: ResourceContexts;
  /** Each of them as a JSON member with a leading comma, by its name. */
  readonly machineJson: Readonly<Record<string, string>>;
}

/** What events say of this package (protocol: sdk interface). */
export const SDK_MEMBER: JsonRecord = Object.freeze({
  name: SDK_NAME,
  version: SDK_VERSION,
  packages: [{ name: "npm:otel-sentry-bridge", version: SDK_VERSION }],
});

const SDK_JSON = JSON.stringify(SDK_MEMBER);

const RUNTIME_JSON = `,"runtime":${JSON.stringify({ name: "node", version: process.version })}`;

/** Envelope header members about this package. */
export const SDK_HEADER_MEMBER: string = `,"sdk":${JSON.stringify({ name: SDK_NAME, version: SDK_VERSION })}`;

const RESOURCE_LIMITS = { depth: 5, totalLength: 32_768 };

// Length limits of the protocol's event schema.
const LIMITS = { release: 200, environment: 64, dist: 64, serverName: 256 } as const;

/** Builds the members for each resource once: there is one per provider. */
export function createProcessMembers(
  settings: Settings,
): (resource: ResourceView | undefined) => ProcessMembers {
  const byResource = new WeakMap<object, ProcessMembers>();
  const withoutResource = build(settings, undefined);
  return (resource) => {
    if (resource === undefined) return withoutResource;
    const known = byResource.get(resource);
    if (known !== undefined) return known;
    const members = build(settings, resource);
    // What is still being detected is not all there.
    if (!isPending(resource)) byResource.set(resource, members);
    return members;
  };
}

/** Whether attributes of the resource are still being detected. */
export function isPending(resource: ResourceView): boolean {
  try {
    return resource.asyncAttributesPending === true;
  } catch {
    return false;
  }
}

/** All members of `contexts` that a process has, beside the application's contexts of these names. */
export function contextMembers(members: ProcessMembers, own: Readonly<object>): string {
  let text = members.contexts;
  for (const [name, member] of Object.entries(members.machineJson)) {
    if (!Object.hasOwn(own, name)) text += member;
  }
  return text;
}

function build(settings: Settings, resource: ResourceView | undefined): ProcessMembers {
  const attributes = resource?.attributes ?? {};
  const release = settings.release ?? textOf(attributes["service.version"]);
  const environment = settings.environment ?? environmentOf(attributes);
  const serverName = settings.serverName ?? hostOf(attributes);
  const members = {
    release: release?.slice(0, LIMITS.release),
    environment: environment.slice(0, LIMITS.environment),
    dist: settings.dist?.slice(0, LIMITS.dist),
    server_name: serverName?.slice(0, LIMITS.serverName),
  };
  const known = resource === undefined ? undefined : redacted(resourceCopy(attributes));
  const machine = resourceContexts(known ?? {});
  return {
    machine,
    machineJson: membersByName(machine),
    resource: known,
    release: members.release,
    environment: members.environment,
    serverName: members.server_name,
    json: `,${JSON.stringify(normalize(withoutUnset(members))).slice(1, -1)},"sdk":${SDK_JSON}`,
    contexts:
      RUNTIME_JSON + (known === undefined ? "" : `,"otel":${JSON.stringify({ resource: known })}`),
  };
}

function membersByName(contexts: ResourceContexts): Record<string, string> {
  const entries = Object.entries(contexts);
  return Object.fromEntries(
    entries.map(([name, members]) => [name, `,"${name}":${JSON.stringify(members)}`]),
  );
}

function resourceCopy(attributes: ResourceView["attributes"]): JsonRecord {
  const copy = normalize(attributes, RESOURCE_LIMITS);
  return isRecord(copy) ? copy : {};
}

function hostOf(attributes: ResourceView["attributes"]): string | undefined {
  return textOf(attributes["service.instance.id"]) ?? textOf(attributes["host.name"]);
}

function environmentOf(attributes: ResourceView["attributes"]): string {
  const current = textOf(attributes["deployment.environment.name"]);
  return current ?? textOf(attributes["deployment.environment"]) ?? "production";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
