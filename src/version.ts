/** Name and version under which the package presents itself to Sentry. */
export const SDK_NAME = "otel-sentry-bridge.node";
export const SDK_VERSION = "0.1.0";
