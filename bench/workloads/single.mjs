// Requests of one span each, so that each envelope has one.
import { ROOT_CONTEXT, SpanKind } from "@opentelemetry/api";

const turn = () => new Promise((resolve) => setImmediate(resolve));

export async function request(tracer, number) {
  const root = tracer.startSpan(
    "GET /orders/:id",
    {
      kind: SpanKind.SERVER,
      attributes: {
        "http.request.method": "GET",
        "http.route": "/orders/:id",
        "url.path": `/orders/${number}`,
        "url.scheme": "http",
        "server.address": "shop.example",
      },
    },
    ROOT_CONTEXT,
  );
  await turn();
  root.setAttribute("http.response.status_code", 200);
  root.end();
}
