import { afterEach, expect, it } from "vitest";

import { checkVendorSdk } from "../../src/doctor/vendor-sdk.js";

afterEach(() => Reflect.deleteProperty(globalThis, "__SENTRY__"));

/** Sets what `Sentry.init` leaves behind, with these options and integrations. */
function initialized(options: object, ...integrations: readonly string[]): void {
  const client = {
    getOptions: () => options,
    getIntegrationByName: (name: string) => (integrations.includes(name) ? {} : undefined),
  };
  loaded({ defaultCurrentScope: { getClient: () => client } });
}

function oldWith(client: unknown): object {
  return { hub: { getClient: () => client } };
}

function fails(): never {
  throw new Error("not here");
}

function loaded(ofVersion: unknown): void {
  Object.assign(globalThis, { __SENTRY__: { version: "11.12.0", "11.12.0": ofVersion } });
}

it.each([
  [{}, [], true, /^nothing$/],
  [{ tracesSampleRate: 0 }, ["OnUncaughtException"], false, /^nothing$/],
  [{ tracesSampleRate: 1 }, [], false, /sends transactions\./],
  [{ tracesSampler: () => 1 }, [], false, /sends transactions\./],
  [{}, ["OnUnhandledRejection"], true, /sends uncaught errors\./],
  [{ tracesSampleRate: 0.1 }, ["OnUncaughtException"], true, /transactions and uncaught errors\./],
])("Sentry's SDK with %j and %j beside captureUncaught %j: %s", (...given) => {
  const [options, integrations, capturesUncaught, expected] = given;
  initialized(options, ...integrations);

  const [found] = checkVendorSdk(capturesUncaught);

  expect(found?.summary ?? "nothing").toMatch(expected);
});

it("Sentry's SDK without a client sends nothing", () => {
  expect(checkVendorSdk(true)).toEqual([]);
  loaded({ defaultCurrentScope: { getClient: () => undefined } });
  expect(checkVendorSdk(true)).toEqual([]);
  loaded(undefined);
  expect(checkVendorSdk(true)).toEqual([]);
  Object.assign(globalThis, { __SENTRY__: { "11.12.0": { loggerSettings: { enabled: true } } } });
  expect(checkVendorSdk(true)).toEqual([]);
});

it("each copy of Sentry's SDK is examined, not only the one that was loaded first", () => {
  const tracing = { getOptions: () => ({ tracesSampleRate: 1 }), getIntegrationByName: () => {} };
  const copies = {
    version: "11.12.0",
    "11.12.0": { defaultCurrentScope: { getClient: () => undefined } },
    "10.2.0": { defaultCurrentScope: { getClient: () => tracing } },
  };
  Object.assign(globalThis, { __SENTRY__: copies });

  expect(checkVendorSdk(true)).toMatchObject([{ library: { version: "10.2.0" } }]);
});

it("of a copy before version 8 with a client the worst is assumed", () => {
  Object.assign(globalThis, { __SENTRY__: oldWith(undefined) });
  expect(checkVendorSdk(false)).toEqual([]);

  Object.assign(globalThis, { __SENTRY__: oldWith({}) });
  expect(checkVendorSdk(false)).toMatchObject([{ library: { version: undefined } }]);
});

it("whatever else is where Sentry's SDK keeps its data is no fault", () => {
  for (const value of [
    1,
    "x",
    null,
    [],
    { "9.0.0": { defaultCurrentScope: { getClient: fails } } },
  ]) {
    Object.assign(globalThis, { __SENTRY__: value });
    expect(checkVendorSdk(true)).toEqual([]);
  }
});
