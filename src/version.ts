/** Name and version of the SDK in envelopes and events. */
export const SDK_NAME = "otel-sentry-bridge.node";
export const SDK_VERSION = "0.1.0";
