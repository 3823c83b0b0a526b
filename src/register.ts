// Entry `otel-sentry-bridge/register`, for `node --import` and `node --require`.
import { registerFromEnvironment } from "./setup/register-from-environment.js";

registerFromEnvironment();
