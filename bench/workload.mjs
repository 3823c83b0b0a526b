// The workload of all cases: a SERVER root with 8 attributes and 20 CLIENT children with 6.
import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";

export const SPANS_PER_REQUEST = 21;
const CHILDREN = 20;
const CONCURRENCY = 20;

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function request(tracer, number) {
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
        "server.port": 8080,
        "user_agent.original": "bench/1.0",
      },
    },
    ROOT_CONTEXT,
  );
  const ctx = trace.setSpan(ROOT_CONTEXT, root);
  await context.with(ctx, () => work(tracer, number));
  root.setAttribute("http.response.status_code", 200);
  root.end();
}

async function work(tracer, number) {
  for (let index = 0; index < CHILDREN; index++) {
    const span = tracer.startSpan("SELECT orders", {
      kind: SpanKind.CLIENT,
      attributes: {
        "db.system.name": "postgresql",
        "db.namespace": "shop",
        "db.query.text": "SELECT id, state, total FROM orders WHERE customer = $1 AND item = $2",
        "server.address": "db.example",
        "server.port": 5432,
        "shop.item": number + index,
      },
    });
    if (index % 5 === 0) await turn();
    span.end();
  }
}

/** Runs the requests, 20 at a time. */
export async function run(tracer, requests) {
  let next = 0;
  const lane = async () => {
    while (next < requests) await request(tracer, next++);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
}
