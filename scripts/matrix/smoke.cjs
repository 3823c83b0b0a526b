// Requests, errors, logs and a monitored job of a small service, on the installed package. Prints what was wrong with what arrived, as JSON.
const assert = require("node:assert/strict");
const { createServer } = require("node:http");
const { setTimeout: sleep } = require("node:timers/promises");

/** Starts a server of envelopes. `items` are the headers and payloads that have arrived. */
async function startSink() {
  const items = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const [, ...lines] = Buffer.concat(chunks).toString().split("\n").filter(Boolean);
    while (lines.length > 0) {
      const [header, payload] = lines.splice(0, 2).map((line) => JSON.parse(line));
      items.push({ header, payload });
    }
    response.end("{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const dsn = `http://0123456789abcdef0123456789abcdef@127.0.0.1:${server.address().port}/1`;
  const ofType = (type) => items.flatMap((item) => (item.header.type === type ? item.payload : []));
  return { dsn, ofType, close: () => server.close() };
}

/** Registers everything as an application does, by what both lines of the SDK have in common. */
function setUp({ api, bridge, sdk, contexts }, dsn) {
  const processor = new bridge.SentrySpanProcessor({
    dsn,
    release: "smoke@1.0.0",
    enableLogs: true,
  });
  const TracerProvider = sdk.TracerProvider ?? sdk.BasicTracerProvider;
  const provider = new TracerProvider({ spanProcessors: [processor] });
  assert.ok(
    api.context.setGlobalContextManager(new contexts.AsyncLocalStorageContextManager().enable()),
  );
  assert.ok(api.trace.setGlobalTracerProvider(provider));
  assert.ok(api.propagation.setGlobalPropagator(new bridge.SentryPropagator()));
  return { provider, tracer: api.trace.getTracer("smoke") };
}

async function serve(user, { api, bridge, tracer }) {
  const headers = { "sentry-trace": `${user.repeat(32)}-${user.repeat(16)}-1`, baggage: "" };
  const parent = api.propagation.extract(api.ROOT_CONTEXT, headers);
  const options = { kind: api.SpanKind.SERVER, attributes: { "http.route": "/orders" } };
  const query = (name) =>
    tracer.startActiveSpan(name, { kind: api.SpanKind.CLIENT }, async (span) => {
      await sleep(5);
      span.end();
    });
  await api.context.with(bridge.forkIsolation(parent), () =>
    tracer.startActiveSpan("GET", options, async (span) => {
      bridge.setUser({ id: user });
      await Promise.all([query("first"), query("second")]);
      bridge.captureException(new Error(`failed for ${user}`));
      bridge.logger.info(`served ${user}`);
      span.end();
    }),
  );
}

function checkAll({ ofType }, stats) {
  const traces = { a: "a".repeat(32), b: "b".repeat(32) };
  const transactions = ofType("transaction").filter(({ transaction }) => transaction !== "smoke");
  assert.deepEqual(transactions.map(({ user }) => user.id).toSorted(), ["a", "b"]);
  for (const { user, contexts, spans, release } of transactions) {
    assert.equal(contexts.trace.trace_id, traces[user.id]);
    assert.equal(contexts.trace.parent_span_id, user.id.repeat(16));
    assert.deepEqual(spans.map(({ description }) => description).toSorted(), ["first", "second"]);
    assert.ok(spans.every((span) => span.parent_span_id === contexts.trace.span_id));
    assert.equal(release, "smoke@1.0.0");
  }
  const errors = ofType("event");
  assert.deepEqual(errors.map(({ user }) => user.id).toSorted(), ["a", "b"]);
  for (const { user, contexts, exception } of errors) {
    assert.equal(contexts.trace.trace_id, traces[user.id]);
    assert.equal(exception.values[0].value, `failed for ${user.id}`);
    assert.match(exception.values[0].stacktrace.frames.at(-1).filename, /smoke\.cjs$/);
  }
  assert.deepEqual(
    ofType("check_in").map(({ status }) => status),
    ["in_progress", "ok"],
  );
  const logs = ofType("log").flatMap(({ items }) => items);
  assert.deepEqual(logs.map(({ body }) => body).toSorted(), ["served a", "served b"]);
  assert.deepEqual(stats.spans.dropped, {});
  assert.equal(stats.spans.sent, stats.spans.started);
}

/** Runs the smoke test with the modules of an entry, and prints the result. */
exports.smoke = async (modules) => {
  const sink = await startSink();
  try {
    const { provider, tracer } = setUp(modules, sink.dsn);
    await Promise.all(["a", "b"].map((user) => serve(user, { ...modules, tracer })));
    await modules.bridge.withMonitor("smoke", () => sleep(1));
    await provider.forceFlush();
    checkAll(sink, modules.bridge.stats());
    await provider.shutdown();
    process.stdout.write(JSON.stringify({ fault: null }));
  } catch (error) {
    process.stdout.write(JSON.stringify({ fault: String(error.message ?? error) }));
  } finally {
    sink.close();
  }
};
