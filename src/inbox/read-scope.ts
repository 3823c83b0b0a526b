import type { BreadcrumbView, Pair, ScopeView } from "./views.js";
import { listOf, pairsOf, recordOf, shownText, timeOf } from "./wire.js";
import type { WireRecord } from "./wire.js";

/** Reads the scope's data of an event. */
export function readScope(event: WireRecord): ScopeView {
  const { trace: _trace, ...contexts } = recordOf(event["contexts"]);
  return {
    user: pairsOf(event["user"]),
    tags: readTags(event["tags"]),
    // Python's SDK wraps them: { "values": [...] }.
    breadcrumbs: listOf(recordOf(event["breadcrumbs"])["values"] ?? event["breadcrumbs"]).map(
      readBreadcrumb,
    ),
    request: pairsOf(event["request"]),
    extra: pairsOf(event["extra"]),
    contexts: Object.entries(contexts).flatMap(([name, data]) => flatten(shownText(name), data)),
    process: readProcess(event),
  };
}

/** The name of the service that sent an event: OpenTelemetry's `service.name`, else the host's name. */
export function serviceOf(event: WireRecord): string {
  const { otel, trace } = recordOf(event["contexts"]);
  const resource = recordOf(recordOf(otel)["resource"]);
  const name = resource["service.name"] ?? recordOf(recordOf(trace)["data"])["service.name"];
  return shownText(name) || shownText(event["server_name"]) || "unknown";
}

// Tags may also be a list of pairs.
function readTags(tags: unknown): Pair[] {
  if (!Array.isArray(tags)) return pairsOf(tags);
  return tags.map((tag): Pair => [shownText(listOf(tag)[0]), shownText(listOf(tag)[1])]);
}

function readBreadcrumb(value: unknown): BreadcrumbView {
  const crumb = recordOf(value);
  return {
    at: timeOf(crumb["timestamp"]) ?? 0,
    level: shownText(crumb["level"]) || "info",
    category: shownText(crumb["category"]) || shownText(crumb["type"]),
    message: shownText(crumb["message"]),
    data: pairsOf(crumb["data"]),
  };
}

// OpenTelemetry's resource is a context inside of a context: its attributes are shown one by one.
function flatten(name: string, data: unknown): [string, Pair[]][] {
  const { resource, ...rest } = recordOf(data);
  const own = pairsOf(rest);
  const nested = pairsOf(resource);
  return [
    ...(own.length > 0 ? ([[name, own]] as [string, Pair[]][]) : []),
    ...(nested.length > 0 ? ([[`${name} resource`, nested]] as [string, Pair[]][]) : []),
  ];
}

function readProcess(event: WireRecord): Pair[] {
  const sdk = recordOf(event["sdk"]);
  const { environment, release, dist, server_name: host } = event;
  const name = shownText(sdk["name"]);
  return pairsOf({
    environment,
    release,
    dist,
    host,
    ...(name !== "" && { sdk: `${name} ${shownText(sdk["version"])}` }),
  });
}
