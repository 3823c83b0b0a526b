const { smoke } = require("./smoke.cjs");

void smoke({
  api: require("@opentelemetry/api"),
  bridge: require("otel-sentry-bridge"),
  sdk: require(process.env.SDK),
  contexts: require("@opentelemetry/context-async-hooks"),
});
