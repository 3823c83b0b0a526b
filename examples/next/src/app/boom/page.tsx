import { setUser } from "otel-sentry-bridge";

export const dynamic = "force-dynamic";

export default async function Page() {
  setUser({ id: "anna" });
  await Promise.resolve();
  throw new Error("component failed");
}
