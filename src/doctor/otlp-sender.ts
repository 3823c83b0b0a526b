import { dsnOrigin, parseDsn } from "../protocol/dsn.js";
import { registeredProcessors } from "../setup/attach.js";
import { attempt, classNameOf, isObjectLike, ownValues } from "../support/foreign.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";

// Objects that are looked through for the address of an exporter, and longest list among them.
const MAX_OBJECTS = 500;
const MAX_LIST = 20;

// Sentry's own OTLP endpoint.
const ENDPOINT = /^(https?:\/\/[^/?#]+)[^?#]*\/api\/(\d+)\/integration\/otlp\b/;

const OWN = /^SentrySpan(?:Exporter|Processor)$/;

/** Returns the code of a provider with no other processor. */
export function onlyWith(processor: string): string {
  return `new NodeSDK({ spanProcessors: [${processor}] }).start();`;
}

/** Finds an exporter that sends the spans of a provider to the project of this package's processor again, by OTLP. Never throws. */
export function checkOtlpSender(dsn: string | undefined): Finding[] {
  const processors = registeredProcessors();
  if (dsn === undefined || typeof processors === "string") return [];
  const objects = objectsIn(processors);
  if (!objects.some((each) => OWN.test(classNameOf(each)))) return [];
  return objects
    .flatMap(ownValues)
    .filter((value) => typeof value === "string")
    .filter((text) => isSameProject(text, dsn))
    .slice(0, 1)
    .map(otlpFinding);
}

function isSameProject(url: string, dsn: string): boolean {
  const [, origin = "", project] = ENDPOINT.exec(url) ?? [];
  const own = parseDsn(dsn);
  return project === own.projectId && serverOf(origin) === serverOf(dsnOrigin(own));
}

// Sentry's own server has a name for each organization and region.
function serverOf(origin: string): string {
  return attempt(() => new URL(origin).host, "").replace(/^.*\.sentry\.io$/, "sentry.io");
}

function objectsIn(roots: readonly object[]): object[] {
  const found = new Set(roots);
  for (const each of found)
    for (const value of ownValues(each))
      if (found.size < MAX_OBJECTS && isSearched(value)) found.add(value);
  return [...found];
}

// Spans that wait for an exporter say nothing about it. A proxy may throw.
function isSearched(value: unknown): value is object {
  return (
    isObjectLike(value) &&
    attempt(
      () => !("spanContext" in value || (Array.isArray(value) && value.length > MAX_LIST)),
      false,
    )
  );
}

function otlpFinding(url: string): Finding {
  return finding({
    name: "sent-twice",
    severity: "warning",
    summary: `An OTLP exporter also sends the spans to ${url.replace(/[?#].*/, "")}, the project of the DSN.`,
    mechanism: "Each span arrives twice; the copy from OTLP has no user, tags or errors.",
    fix: "Remove the OTLP exporter from the set-up; set OTEL_TRACES_EXPORTER=none if the environment created it:",
    code: onlyWith("new SentrySpanProcessor()"),
  });
}
