import { SpanEncoder } from "../../src/spans/span-encoder.js";
import { NOW } from "./assembler-kit.js";
import { spanOf } from "./hand-made-span.js";
import type { SpanChanges } from "./hand-made-span.js";

export const PARENT = "b01b9f6349558cd1";
export const SPAN = "8c931f4740435fb8";

/** An encoded span, read back. */
export interface Encoded {
  readonly data: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** An encoder, and the keys of the problems that it reported. Each test file renews them before each test. */
export const kit: { encoder: SpanEncoder; problems: string[] } = newKit();

/** Call it in `beforeEach` of the test file: in a process of several files, this module runs for the first one only. */
export function renewKit(): void {
  Object.assign(kit, newKit());
}

function newKit(): { encoder: SpanEncoder; problems: string[] } {
  const problems: string[] = [];
  const onProblem = (kind: string): void => void problems.push(kind);
  return { encoder: new SpanEncoder({ now: () => NOW, onProblem }), problems };
}

export function child(changes: SpanChanges = {}): Encoded {
  return JSON.parse(kit.encoder.span(spanOf({ spanId: SPAN, ...changes }), PARENT)) as Encoded;
}

export function root(changes: SpanChanges = {}, sampleRate?: number): Encoded {
  const { traceContext } = kit.encoder.head(spanOf({ spanId: SPAN, ...changes }), sampleRate);
  return JSON.parse(`{${traceContext}}`) as Encoded;
}
