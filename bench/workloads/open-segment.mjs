import { ROOT_CONTEXT, trace } from "@opentelemetry/api";

/** Makes a segment of finished children, and returns its root, which is open. */
export function openSegment(tracer, children) {
  const root = tracer.startSpan("root", {}, ROOT_CONTEXT);
  const inRoot = trace.setSpan(ROOT_CONTEXT, root);
  for (let child = 0; child < children; child++) {
    const attributes = { "db.system.name": "postgresql", "db.query.text": `SELECT ${child}` };
    tracer.startSpan("child", { attributes }, inRoot).end();
  }
  return root;
}
