import { STATUS_BY_GRPC_CODE } from "./span-status.js";
import type { SpanStatus } from "./span-status.js";
import type { AttributeBag } from "../trace/span.js";

// gRPC writes CANCELLED, INTERNAL and UNKNOWN; Connect writes canceled.
const BY_NAME: ReadonlyMap<string, SpanStatus> = new Map<string, SpanStatus>([
  ...STATUS_BY_GRPC_CODE.map((status) => [status, status] as const),
  ["canceled", "cancelled"],
  ["unknown", "unknown_error"],
  ["internal", "internal_error"],
]);

/**
 * Sentry's status for a gRPC code, as a number, as digits or as a name in any case. A number that is
 * no code is `unknown_error`; a name that is none says nothing, so undefined.
 */
export function statusOfGrpcCode(code: unknown): SpanStatus | undefined {
  if (typeof code === "number") return STATUS_BY_GRPC_CODE[code] ?? "unknown_error";
  if (typeof code !== "string") return undefined;
  if (/^-?\d+$/.test(code)) return STATUS_BY_GRPC_CODE[Number(code)] ?? "unknown_error";
  return BY_NAME.get(code.toLowerCase());
}

/** Sentry's status for the code of an RPC span, by the current or the old conventions of gRPC and Connect. */
export function statusOfRpc(attributes: AttributeBag): SpanStatus | undefined {
  return (
    statusOfGrpcCode(attributes["rpc.response.status_code"]) ??
    statusOfGrpcCode(attributes["rpc.grpc.status_code"]) ??
    statusOfGrpcCode(attributes["rpc.connect_rpc.error_code"])
  );
}
