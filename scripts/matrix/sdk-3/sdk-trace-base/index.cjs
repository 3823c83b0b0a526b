// The names of SDK 2.x's package, which SDK 3.x does not have, for tests that run with both.
const sdk = require("@opentelemetry/sdk-trace");

class BatchSpanProcessor extends sdk.BatchSpanProcessor {
  constructor(exporter, options) {
    super({ ...options, exporter });
  }
}

class SimpleSpanProcessor extends sdk.SimpleSpanProcessor {
  constructor(exporter) {
    super({ exporter });
  }
}

const BasicTracerProvider = sdk.TracerProvider;

// In a form in which Node sees the names for `import`.
module.exports = {
  ...require("@opentelemetry/sdk-trace"),
  BatchSpanProcessor,
  SimpleSpanProcessor,
  BasicTracerProvider,
};
