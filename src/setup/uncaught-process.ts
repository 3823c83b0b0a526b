import type { EventEmitter } from "node:events";

/** What the handling of uncaught errors needs of `process`. */
export interface UncaughtProcess extends Pick<
  EventEmitter,
  "listeners" | "off" | "on" | "prependListener" | "removeAllListeners"
> {
  readonly execArgv: readonly string[];
  readonly stderr: { write(text: string): unknown };
  readonly version: string;
  exitCode?: number | string | null | undefined;
  hasUncaughtExceptionCaptureCallback(): boolean;
  setUncaughtExceptionCaptureCallback(callback: null): void;
}

// The listeners of all copies of this package: they must not take each other for the application's.
const MARK: unique symbol = Symbol.for("otel-sentry-bridge.uncaught-listener.v1");

/** The listener, known as one of this package. */
export function marked<Listener extends (...args: never[]) => void>(listener: Listener): Listener {
  return Object.assign(listener, { [MARK]: true });
}

/** Whether the listener is one of this package, of whatever copy. */
export function isMarked(listener: unknown): boolean {
  return typeof listener === "function" && MARK in listener;
}

/** Whether something beside this package listens to the event. */
export function isListenedTo(target: UncaughtProcess, name: string): boolean {
  return target.listeners(name).some((listener) => !isMarked(listener));
}

/** Whether the application keeps the process alive at an uncaught error. */
export function survivesErrors(target: UncaughtProcess): boolean {
  return target.hasUncaughtExceptionCaptureCallback() || isListenedTo(target, "uncaughtException");
}

/** What Node does about a rejection that nobody handles, as its command line has it. */
export function rejectionMode({ execArgv }: UncaughtProcess): string {
  const flag = /^--unhandled[-_]rejections(?:=(?<mode>.*))?$/;
  let mode = "throw";
  for (const [index, argument] of execArgv.entries()) {
    const match = flag.exec(argument);
    if (match !== null) mode = match.groups?.["mode"] ?? execArgv[index + 1] ?? mode;
  }
  return mode;
}
