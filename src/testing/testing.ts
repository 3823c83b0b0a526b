export { assertAccounted, assertSettled, dropped } from "./accounting.js";
export { readEnvelope } from "./envelope-reader.js";
export { startIngestServer } from "./ingest-server.js";
export { createMemoryTransport } from "./memory-transport.js";
