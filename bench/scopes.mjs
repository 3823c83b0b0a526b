// CPU time per call of scopes on the Context: node bench/scopes.mjs [--rounds N] [--json FILE]
import { ROOT_CONTEXT, context, createContextKey } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  addBreadcrumb,
  createClient,
  forkIsolation,
  getIsolationScope,
  setContext,
  setTag,
  setUser,
  withIsolationScope,
} from "otel-sentry-bridge";

import { above, costRow, costsByTurns, median } from "./harness/by-turns.mjs";
import { Results, benchOptions } from "./harness/results.mjs";

const options = benchOptions({ rounds: { type: "string", default: "41" } });

context.setGlobalContextManager(new AsyncLocalStorageContextManager());
createClient({ dsn: "http://0123456789abcdef0123456789abcdef@127.0.0.1:9/1", silent: true });

const KEY = createContextKey("bench");
const noop = () => undefined;
const plain = ROOT_CONTEXT.setValue(KEY, {});

// A unit of work as that of a request half-way: a user, some tags, breadcrumbs.
const unit = forkIsolation(ROOT_CONTEXT, (scope) => {
  scope.setUser({ id: 1 }).setTags({ plan: "gold", region: "eu", version: 3 });
  for (let step = 0; step < 20; step++) scope.addBreadcrumb({ message: `step ${step}` });
});

const TAGS = Array.from({ length: 10 }, (_, index) => `tag-${index}`);

const times = (run) => (calls) => {
  for (let call = 0; call < calls; call++) run(call);
};
// Every hundred calls are one request's, so that a scope grows as it does in a request.
const inUnits = (run) => (calls) => {
  for (let done = 0; done < calls; done += 100)
    context.with(forkIsolation(unit), () => {
      for (let call = done; call < Math.min(calls, done + 100); call++) run(call);
    });
};

const CASES = {
  "context.with, plain": times(() => context.with(plain, noop)),
  "context.with, scopes in use": times(() => context.with(unit, noop)),
  "set a value and enter, plain": times(() => context.with(plain.setValue(KEY, {}), noop)),
  "fork and enter": times(() => context.with(forkIsolation(unit), noop)),
  "fork the active unit and enter": (calls) =>
    context.with(unit, () => times(() => context.with(forkIsolation(), noop))(calls)),
  withIsolationScope: (calls) =>
    context.with(unit, () => times(() => withIsolationScope(noop))(calls)),
  getIsolationScope: inUnits(() => getIsolationScope()),
  "setTag, new value": inUnits((call) => setTag("step", call)),
  "setTag, ten tags": inUnits((call) => setTag(TAGS[call % 10], "value")),
  setUser: inUnits((call) => setUser({ id: call, email: "jane@shop.example" })),
  setContext: inUnits((call) => setContext("order", { id: call, items: 3, state: "paid" })),
  addBreadcrumb: inUnits((call) =>
    addBreadcrumb({ category: "cart", message: "item added", data: { item: call } }),
  ),
};
const SETTERS = Object.keys(CASES).filter((name) => /^(?:set[A-Z]|add)/.test(name));

const costs = await costsByTurns(CASES, { rounds: Number(options.rounds), roundMillis: 10 });
const results = new Results("scopes");
results.table(
  "CPU time per call",
  Object.entries(costs).map(([name, each]) => costRow(name, each)),
);
results.goal(
  "context.with, above the plain context manager",
  median(above(costs, "context.with, scopes in use", "context.with, plain")),
  [0.05, "µs"],
);
for (const name of ["fork and enter", "fork the active unit and enter"])
  results.goal(name, median(costs[name]), [0.6, "µs"]);
for (const name of SETTERS) results.goal(name, median(costs[name]), [1, "µs"]);
results.end(options);
process.exit();
