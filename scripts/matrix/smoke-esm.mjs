import { createRequire } from "node:module";

import * as api from "@opentelemetry/api";
import * as contexts from "@opentelemetry/context-async-hooks";
import * as bridge from "otel-sentry-bridge";

const sdk = await import(process.env.SDK);
const { smoke } = createRequire(import.meta.url)("./smoke.cjs");
await smoke({ api, bridge, sdk, contexts });
