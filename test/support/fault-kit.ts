import { DiagLogLevel, diag } from "@opentelemetry/api";
import type { DiagLogger } from "@opentelemetry/api";
import { onTestFinished, vi } from "vitest";

const ignore = (): void => undefined;

/** Clears the set-up faults that this process has reported, as if it were new. */
export function forgetFaults(): void {
  Reflect.deleteProperty(globalThis, Symbol.for("otel-sentry-bridge.setup-faults.v1"));
}

/** Collects writes to standard error until the test ends; they are not printed. */
export function standardError(): string[] {
  const written: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  onTestFinished(() => spy.mockRestore());
  return written;
}

/** Registers a `diag` logger until the test ends, and collects its warnings and errors. */
export function diagWarnings(logger: Partial<DiagLogger> = {}): string[] {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore, ...logger },
    { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
  );
  onTestFinished(() => diag.disable());
  return warnings;
}
