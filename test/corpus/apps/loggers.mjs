// instrumentations: pino, winston
import pino from "pino";
import { withIsolationScope } from "otel-sentry-bridge";
import winston from "winston";

import { all, end, inSpan, work } from "../kit.mjs";

const nowhere = pino({ level: "info" }, { write: () => {} });
const logger = winston.createLogger({
  transports: [new winston.transports.Console({ silent: true })],
});
await all((unit) =>
  withIsolationScope(() =>
    inSpan("job", {}, async () => {
      try {
        await work(unit);
        nowhere.info("done by pino");
        logger.info("done by winston");
      } catch (error) {
        nowhere.error({ err: error }, "failed");
      }
    }),
  ),
);
await end();
