export * from "@opentelemetry/sdk-trace";
export { TracerProvider as BasicTracerProvider } from "@opentelemetry/sdk-trace";
