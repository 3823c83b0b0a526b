// A SERVER root with 8 attributes and 20 CLIENT children with 6, ten of them at a time, each active while it waits.
// The values of most attributes are the same in every span.
import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";

const CHILDREN = 20;
const AT_A_TIME = 10;

const turn = () => new Promise((resolve) => setImmediate(resolve));

export function startRoot(tracer, number) {
  return tracer.startSpan(
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
}

export async function request(tracer, number) {
  const root = startRoot(tracer, number);
  await context.with(trace.setSpan(ROOT_CONTEXT, root), () => queries(tracer, number));
  root.setAttribute("http.response.status_code", 200);
  root.end();
}

async function queries(tracer, number) {
  for (let first = 0; first < CHILDREN; first += AT_A_TIME) {
    const parallel = [];
    for (let index = first; index < first + AT_A_TIME; index++) {
      parallel.push(query(tracer, number + index));
    }
    await Promise.all(parallel);
  }
}

function query(tracer, item) {
  const attributes = {
    "db.system.name": "postgresql",
    "db.namespace": "shop",
    "db.query.text": "SELECT id, state, total FROM orders WHERE customer = $1 AND item = $2",
    "server.address": "db.example",
    "server.port": 5432,
    "shop.item": item,
  };
  return tracer.startActiveSpan(
    "SELECT orders",
    { kind: SpanKind.CLIENT, attributes },
    async (span) => {
      await turn();
      span.end();
    },
  );
}
