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

it("Sentry's SDK without a client sends nothing, and of one of an unknown version the worst is assumed", () => {
  expect(checkVendorSdk(true)).toEqual([]);
  loaded({ defaultCurrentScope: { getClient: () => undefined } });
  expect(checkVendorSdk(true)).toEqual([]);
  loaded(undefined);
  expect(checkVendorSdk(false)).toMatchObject([{ library: { version: "11.12.0" } }]);
});
