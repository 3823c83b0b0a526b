import { pathToFileURL } from "node:url";

import { pathOf, startChild } from "./child.mjs";

const TELEMETRY = ["--import", pathToFileURL(pathOf("../telemetry.mjs")).href];

/**
 * Starts the shop: Postgres, inventory and gateway, each in its own process.
 *
 * @param {{ dsn: string, otlpUrl: string, spotlight: boolean }} targets where the telemetry goes
 */
export async function startShop(targets) {
  const children = [];
  const start = async (...args) => {
    const child = await startChild(...args);
    children.push(child);
    return child;
  };
  const kill = () => children.forEach((child) => child.kill());
  try {
    const postgres = await start("postgres.mjs");
    const database = { DATABASE_URL: `postgres://postgres@127.0.0.1:${postgres.port}/postgres` };
    const inventory = await start(
      "../inventory.mjs",
      { ...serviceEnv("inventory", targets), ...database },
      TELEMETRY,
    );
    const upstream = { INVENTORY_URL: `http://127.0.0.1:${inventory.port}` };
    const gateway = await start(
      "../gateway.mjs",
      { ...serviceEnv("gateway", targets), ...upstream },
      TELEMETRY,
    );
    return {
      url: `http://127.0.0.1:${gateway.port}`,
      stop: stopper({ gateway, inventory, postgres }),
      kill,
    };
  } catch (error) {
    kill();
    throw error;
  }
}

// From the front to the back, so that nobody loses the service it still calls.
function stopper({ gateway, inventory, postgres }) {
  return async () => {
    const counted = { gateway: await gateway.stop(), inventory: await inventory.stop() };
    await postgres.stop();
    return counted;
  };
}

function serviceEnv(name, { dsn, otlpUrl, spotlight }) {
  return {
    OTEL_SERVICE_NAME: name,
    OTEL_RESOURCE_ATTRIBUTES: "service.version=1.0.0,deployment.environment.name=demo",
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
    OTEL_METRICS_EXPORTER: "none",
    OTEL_LOGS_EXPORTER: "none",
    SENTRY_DSN: dsn,
    SHOP_SPOTLIGHT: spotlight ? "1" : "0",
  };
}
