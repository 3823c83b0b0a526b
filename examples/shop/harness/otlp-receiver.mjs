import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

/**
 * An OTLP endpoint that keeps the spans it is sent: the witness for what the other exporter saw.
 *
 * @returns {Promise<{ url: string, spans: object[], close(): void }>}
 */
export async function startOtlpReceiver() {
  const spans = [];
  const server = createServer(async (request, response) => {
    const { resourceSpans } = await json(request);
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((s) => s.spans)));
    response.setHeader("content-type", "application/json").end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, spans, close };
}
