import { setUser } from "otel-sentry-bridge";

export const dynamic = "force-dynamic";

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  setUser({ id });
  return <p>{id}</p>;
}
