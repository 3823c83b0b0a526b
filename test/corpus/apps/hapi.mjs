// instrumentations: http, hapi
import Hapi from "@hapi/hapi";
import { captureHandlerError } from "otel-sentry-bridge";

import { end, requestAll, work } from "../kit.mjs";

const server = Hapi.server({ port: 0, host: "127.0.0.1" });
server.route({
  method: "GET",
  path: "/units/{id}",
  handler: (request) => work(Number(request.params.id)),
});
server.events.on({ name: "request", channels: "error" }, (request, { error }) =>
  captureHandlerError(error),
);
await server.start();
await requestAll(server.info.port);
await end();
