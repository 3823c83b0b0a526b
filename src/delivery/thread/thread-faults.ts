import { errorCode } from "../../support/foreign.js";

const INSTEAD = "envelopes are sent by the application's thread instead";

const NO_FILE =
  "its file was not found, probably because a bundler has included otel-sentry-bridge in the application. Exclude the package from the bundle (esbuild: `--external:otel-sentry-bridge`; Next.js: `serverExternalPackages`), or remove `transport.thread`";

const START_FAULTS: Readonly<Record<string, string>> = {
  ERR_ACCESS_DENIED:
    "Node's permission model forbids it. Start the process with `--allow-worker`, or remove `transport.thread`",
  MODULE_NOT_FOUND: NO_FILE,
};

/** Returns the message for a sender thread that could not be started. */
export function startFault(error: unknown): string {
  // `threadFile` fails so in a bundle that is an ES module.
  const hint = error instanceof ReferenceError ? NO_FILE : START_FAULTS[errorCode(error) ?? ""];
  const reason = error instanceof Error ? error.message : "it ended without an error";
  return `the sender thread could not be started: ${hint ?? reason}; ${INSTEAD}`;
}

/** Returns the message for a sender thread that ended unexpectedly. */
export function endFault(error: Error | undefined): string {
  const reason = error === undefined ? "without an error" : `with: ${error.message}`;
  return `the sender thread ended unexpectedly, ${reason}; ${INSTEAD} from now on. Envelopes whose outcome was unknown are sent again; Sentry recognizes their event ids`;
}

/** The error of a sender thread that does not respond. */
export function silenceError(millis: number): Error {
  return new Error(`it did not respond for ${millis / 1000} s`);
}
