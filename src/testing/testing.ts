export { assertAccounted, assertSettled, dropped } from "./accounting.js";
export { readEnvelope } from "./envelope-reader.js";
export type { ReadEnvelope, ReadItem } from "./envelope-reader.js";
export { startIngestServer } from "./ingest-server.js";
export type { IngestServer, IngestServerOptions } from "./ingest-server.js";
export { createMemoryTransport } from "./memory-transport.js";
export type { MemoryTransport, MemoryTransportOptions } from "./memory-transport.js";
export { errorsOf, transactionsOf } from "./received.js";
export type {
  ReceivedError,
  ReceivedSpan,
  ReceivedTraceContext,
  ReceivedTransaction,
} from "./received.js";
