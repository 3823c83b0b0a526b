import { context } from "@opentelemetry/api";

import { correlationOf } from "../context/correlation.js";
import { objectFrom, ownEntries } from "../support/foreign.js";
import type { LogLevel } from "../protocol/items.js";
import { MAX_ITEM_ATTRIBUTES, attributesObject } from "./item-attributes.js";
import type { LogClient } from "./log-capture.js";
import { logMessage, parameterized } from "./log-message.js";
import type { ParameterizedLog } from "./log-message.js";
import { clientFor } from "../context/global-client.js";

/** Sends one log. Strings are cut at 32,768 characters; objects are sent as JSON text. Never throws. */
export type LogFunction = (message: ParameterizedLog | string, attributes?: object) => void;

/** Sends logs with the trace and the scopes of the caller. */
export interface Logger {
  /** Sends a log of level `trace`, with attributes. Never throws. */
  readonly trace: LogFunction;
  /** Sends a log of level `debug`, with attributes. Never throws. */
  readonly debug: LogFunction;
  /** Sends a log of level `info`, with attributes. Never throws. */
  readonly info: LogFunction;
  /** Sends a log of level `warn`, with attributes. Never throws. */
  readonly warn: LogFunction;
  /** Sends a log of level `error`, with attributes. Never throws. */
  readonly error: LogFunction;
  /** Sends a log of level `fatal`, with attributes. Never throws. */
  readonly fatal: LogFunction;
  /** Builds a message with searchable parameters: ``logger.info(logger.fmt`user ${id} bought ${count}`)``. */
  readonly fmt: (strings: TemplateStringsArray, ...parameters: unknown[]) => ParameterizedLog;
}

/** Sends logs through the process-wide client, with the trace and the scopes of the caller. Requires `enableLogs`. */
export const logger: Logger = Object.freeze({
  trace: logFunction("trace"),
  debug: logFunction("debug"),
  info: logFunction("info"),
  warn: logFunction("warn"),
  error: logFunction("error"),
  fatal: logFunction("fatal"),
  fmt: parameterized,
});

function logFunction(level: LogLevel): LogFunction {
  return (message, attributes) => {
    const client = clientFor<LogClient>("logger", "logs");
    if (client === undefined || !client.logs.isEnabled) return;
    try {
      const { body, attributes: added } = logMessage(message);
      const own = attributesObject(attributes);
      client.logs.capture({
        timestamp: Date.now() / 1000,
        level,
        message: body,
        attributes: added === undefined ? own : { ...readable(own), ...added },
        correlation: correlationOf(context.active()),
      });
    } catch (error) {
      client.logs.dropUnread(error);
    }
  };
}

// Getters of the application may throw.
function readable(attributes: object): object {
  return objectFrom(ownEntries<unknown>(attributes, MAX_ITEM_ATTRIBUTES));
}
