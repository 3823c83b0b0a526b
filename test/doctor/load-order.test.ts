import { expect, it } from "vitest";

import { checkLoadOrder } from "../../src/doctor/load-order.js";

const fileOf = (name: string): string => `/app/node_modules/${name}/build/index.js`;

it.each([
  ["express", "express"],
  ["socket.io", "socket.io"],
  ["grpc", "@grpc/grpc-js"],
  ["hapi", "@hapi/hapi"],
  ["koa", "@koa/router"],
  ["cucumber", "@cucumber/cucumber"],
  ["amqplib", "amqplib"],
  ["redis", "@redis/client"],
])("instrumentation-%s is too late after %s, and not before it", (instrumentation, patched) => {
  const own = `@opentelemetry/instrumentation-${instrumentation}`;
  const evidence = [{ name: patched }, { name: own }];

  expect(checkLoadOrder([fileOf(patched), fileOf(own)])).toMatchObject([{ evidence }]);
  expect(checkLoadOrder([fileOf(own), fileOf(patched)])).toEqual([]);
});

it("instrumentation-undici listens to channels, and so is never too late", () => {
  const files = [fileOf("undici"), fileOf("@opentelemetry/instrumentation-undici")];

  expect(checkLoadOrder(files)).toEqual([]);
});
