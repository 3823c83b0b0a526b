// Entry `otel-sentry-bridge/register`, for `node --import` and `node --require`.
import { registerFromEnvironment } from "./sdk/register-from-environment.js";

registerFromEnvironment();
