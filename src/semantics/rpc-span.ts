import { textValue } from "./attribute-text.js";
import type { Inference } from "./inference.js";
import type { SpanView } from "../trace/span.js";

/** Names a span of a remote procedure call: gRPC, JSON-RPC, and the calls of cloud SDKs. */
export function inferRpc({ attributes, name }: SpanView): Inference | undefined {
  const system =
    textValue(attributes["rpc.service"]) ??
    textValue(attributes["rpc.system"]) ??
    textValue(attributes["rpc.system.name"]);
  if (system === undefined) return undefined;
  return { op: "rpc", description: name, source: "route", data: undefined };
}
