// A SERVER root and 20 CLIENT children of many call sites: half queries, half HTTP requests, with URLs, statements and
// addresses that differ. Half of the spans follow the old semantic conventions, and half the new ones; each request has both.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";

const CHILDREN = 20;
const AT_A_TIME = 5;

const TABLES = ["orders", "items", "customers", "prices", "stock", "carts", "payments", "coupons"];
const HOSTS = ["inventory", "pricing", "accounts", "mailer", "search", "geo", "billing"];
const ROUTES = ["/orders/:id", "/carts/:cart/items", "/search", "/customers/:id/addresses", "/"];
const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
  "okhttp/5.1.0",
];

const pick = (list, number) => list[number % list.length];
const turn = () => new Promise((resolve) => setImmediate(resolve));

export async function request(tracer, number) {
  const root = tracer.startSpan(
    `GET ${pick(ROUTES, number)}`,
    { kind: SpanKind.SERVER, attributes: number % 2 ? oldServer(number) : newServer(number) },
    ROOT_CONTEXT,
  );
  await context.with(trace.setSpan(ROOT_CONTEXT, root), () => calls(tracer, number));
  root.setAttribute(number % 2 ? "http.status_code" : "http.response.status_code", 200);
  root.end();
}

async function calls(tracer, number) {
  for (let first = 0; first < CHILDREN; first += AT_A_TIME) {
    const parallel = [];
    for (let index = first; index < first + AT_A_TIME; index++) {
      const seed = number * 31 + index;
      parallel.push(index % 2 ? query(tracer, seed) : call(tracer, seed));
    }
    await Promise.all(parallel);
  }
}

function query(tracer, seed) {
  const table = pick(TABLES, seed);
  const attributes = seed % 2 ? oldQuery(table, seed) : newQuery(table, seed);
  return tracer.startActiveSpan(
    `SELECT ${table}`,
    { kind: SpanKind.CLIENT, attributes },
    async (span) => {
      await turn();
      if (seed % 3 === 0) span.setAttribute("db.response.returned_rows", seed % 500);
      span.end();
    },
  );
}

function call(tracer, seed) {
  const host = `${pick(HOSTS, seed)}.svc.cluster.example`;
  const url = `http://${host}:8080/v${seed % 3}/items/${seed}?page=${seed % 17}&sort=${pick(TABLES, seed)}`;
  const attributes = seed % 2 ? oldCall(host, url) : newCall(host, url);
  return tracer.startActiveSpan("GET", { kind: SpanKind.CLIENT, attributes }, async (span) => {
    await turn();
    const failed = seed % 50 === 0;
    span.setAttribute(
      seed % 2 ? "http.status_code" : "http.response.status_code",
      failed ? 503 : 200,
    );
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
}

const oldServer = (number) => ({
  "http.method": "GET",
  "http.route": pick(ROUTES, number),
  "http.target": `/orders/${number}?ref=${number % 91}`,
  "http.scheme": "http",
  "http.user_agent": pick(AGENTS, number),
  "net.host.name": "shop.example",
  "net.host.port": 8080,
  "net.peer.ip": address(number),
});

const newServer = (number) => ({
  "http.request.method": "GET",
  "http.route": pick(ROUTES, number),
  "url.path": `/orders/${number}`,
  "url.query": `ref=${number % 91}`,
  "url.scheme": "http",
  "user_agent.original": pick(AGENTS, number),
  "server.address": "shop.example",
  "server.port": 8080,
  "client.address": address(number),
});

const oldQuery = (table, seed) => ({
  "db.system": "postgresql",
  "db.name": "shop",
  "db.user": "app",
  "db.statement": statement(table, seed),
  "net.peer.name": `db-${seed % 4}.internal`,
  "net.peer.port": 5432,
});

const newQuery = (table, seed) => ({
  "db.system.name": "postgresql",
  "db.namespace": "shop",
  "db.operation.name": "SELECT",
  "db.query.text": statement(table, seed),
  "server.address": `db-${seed % 4}.internal`,
  "server.port": 5432,
});

const oldCall = (host, url) => ({
  "http.method": "GET",
  "http.url": url,
  "net.peer.name": host,
  "net.peer.port": 8080,
  "http.flavor": "1.1",
});

const newCall = (host, url) => ({
  "http.request.method": "GET",
  "url.full": url,
  "server.address": host,
  "server.port": 8080,
  "network.protocol.version": "1.1",
});

const statement = (table, seed) =>
  `SELECT id, name, "updated_at" FROM ${table} WHERE tenant = 'tenant-${seed % 97}' AND id IN (${seed}, ${seed + 1}, ${seed + 7}) ORDER BY id LIMIT ${seed % 100}`;

const address = (number) => `10.${number % 5}.${number % 256}.${(number * 7) % 256}`;
