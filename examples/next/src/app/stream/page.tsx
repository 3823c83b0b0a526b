import { Suspense } from "react";

export const dynamic = "force-dynamic";

// Fails after the response has begun with status 200: only `onRequestError` sees it.
async function Late(): Promise<React.ReactNode> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  throw new Error("late component failed");
}

export default function Page() {
  return (
    <Suspense fallback={<p>wait</p>}>
      <Late />
    </Suspense>
  );
}
