// What scopes on the Context cost: node bench/scopes.mjs
import { ROOT_CONTEXT, context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { forkIsolation, getIsolationScope } from "otel-sentry-bridge";

context.setGlobalContextManager(new AsyncLocalStorageContextManager());

const ROUNDS = 7;
const CALLS = 500_000;

function microsPerCall(run) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let call = 0; call < CALLS; call++) run();
    times.push(((performance.now() - start) * 1000) / CALLS);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)];
}

const noop = () => undefined;
const unit = forkIsolation(ROOT_CONTEXT, (scope) => {
  scope.setUser({ id: 1 }).setTags({ plan: "gold", region: "eu", version: 3 });
  for (let crumb = 0; crumb < 20; crumb++) scope.addBreadcrumb({ message: `step ${crumb}` });
});

const rows = {
  "context.with, no scopes": () => context.with(ROOT_CONTEXT, noop),
  "context.with, scopes in use": () => context.with(unit, noop),
  "fork isolation and enter it": () => context.with(forkIsolation(unit), noop),
  "look up the isolation scope": () => getIsolationScope(unit),
};
console.table(
  Object.entries(rows).map(([name, run]) => ({ case: name, µs: microsPerCall(run).toFixed(3) })),
);
