import { textIn } from "../options/env.js";
import { parseDsn } from "../protocol/dsn.js";
import { registeredProcessors } from "../setup/attach.js";
import { attempt, classNameOf, isObjectLike } from "../support/foreign.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";

// Objects that are looked through for the address of an exporter, and longest list among them: the queue of a processor has more.
const MAX_OBJECTS = 500;
const MAX_LIST = 20;

// Sentry's own OTLP endpoint.
const ENDPOINT = /^https?:\/\/([^/:]+)[^?#]*\/api\/(\d+)\/integration\/otlp\b/;

const OWN = /^SentrySpan(?:Exporter|Processor)$/;

/** Finds an exporter that sends the spans of a provider to the project of this package's processor again, by OTLP. Never throws. */
export function checkOtlpSender(dsn: string | undefined): Finding[] {
  const processors = registeredProcessors();
  if (dsn === undefined || typeof processors === "string") return [];
  const found = [...searched(processors)];
  if (!found.some((each) => isObjectLike(each) && OWN.test(classNameOf(each)))) return [];
  return found
    .filter((each) => typeof each === "string")
    .filter((text) => isSameProject(text, dsn))
    .slice(0, 1)
    .map(otlpFinding);
}

function isSameProject(url: string, dsn: string): boolean {
  const [, host = "", project] = ENDPOINT.exec(url) ?? [];
  const own = parseDsn(dsn);
  return project === own.projectId && serverOf(host) === serverOf(own.host);
}

// Sentry's own server has a name for each organization and region.
function serverOf(host: string): string {
  return host.replace(/^.*\.sentry\.io$/, "sentry.io");
}

// Descriptors, because getters may have effects.
function searched(roots: readonly object[]): Set<unknown> {
  const found = new Set<unknown>(roots);
  for (const each of found) {
    if (!isObjectLike(each) || (Array.isArray(each) && each.length > MAX_LIST)) continue;
    // A proxy may throw.
    const fields = attempt(() => Object.values(Object.getOwnPropertyDescriptors(each)), []);
    for (const { value } of fields)
      if (found.size < MAX_OBJECTS && value !== null) found.add(value);
  }
  return found;
}

function otlpFinding(url: string): Finding {
  const variables = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
  const isVariable = variables.some((name) => ENDPOINT.test(textIn(name) ?? ""));
  return finding({
    name: "sent-twice",
    severity: "warning",
    summary: `Spans are also sent to ${url.replace(/[?#].*/, "")}, which is the project of the DSN.`,
    mechanism: "In Sentry each span arrives twice, by OTLP without users, tags and errors.",
    fix: "Leave out the OTLP exporter:",
    code: isVariable
      ? "export OTEL_TRACES_EXPORTER=none"
      : "new NodeSDK({ spanProcessors: [new SentrySpanProcessor()] });",
  });
}
