import { NextResponse } from "next/server";
import { captureMessage, withScope } from "otel-sentry-bridge";

// Runs in the edge runtime, where the package exports the same names and sends nothing.
export function middleware() {
  captureMessage("not sent");
  return withScope(() => NextResponse.next());
}

export const config = { matcher: ["/orders/:path*", "/boom"] };
