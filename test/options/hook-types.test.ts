import { describe, expectTypeOf, it } from "vitest";

import type { Breadcrumb, ClientOptions, ErrorEvent, TransactionEvent } from "../../src/index.js";

type Hook<Name extends keyof ClientOptions> = NonNullable<ClientOptions[Name]>;
type Later = Promise<null>;

describe("the type of a hook", () => {
  it("accepts a promise where the event can wait", () => {
    expectTypeOf<(event: ErrorEvent) => Promise<ErrorEvent>>().toExtend<Hook<"beforeSend">>();
    expectTypeOf<(event: TransactionEvent) => Promise<TransactionEvent | null>>().toExtend<
      Hook<"beforeSendTransaction">
    >();
  });

  it("refuses a promise where the hook must be synchronous", () => {
    expectTypeOf<() => Promise<Breadcrumb>>().not.toExtend<Hook<"beforeBreadcrumb">>();
    expectTypeOf<() => Later>().not.toExtend<Hook<"beforeBreadcrumb">>();
    expectTypeOf<() => Later>().not.toExtend<Hook<"beforeSendSpan">>();
    expectTypeOf<() => Later>().not.toExtend<Hook<"beforeSendLog">>();
    expectTypeOf<() => Later>().not.toExtend<Hook<"beforeSendMetric">>();
    expectTypeOf<() => Promise<number>>().not.toExtend<Hook<"tracesSampler">>();
  });

  it("accepts a changed item of the hook's own making", () => {
    expectTypeOf<(breadcrumb: Breadcrumb) => Breadcrumb>().toExtend<Hook<"beforeBreadcrumb">>();
    expectTypeOf<() => { message: string }>().toExtend<Hook<"beforeBreadcrumb">>();
  });
});
