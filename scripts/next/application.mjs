// A small Next.js application: each kind of route, each with an error, and a middleware that uses the package.

const RENDERED = 'export const dynamic = "force-dynamic";\n';

/** Files by path. The paths are those of a project with `src/`, as the documentation's first set-up. */
export const FILES = {
  "next.config.mjs": "export default {};\n",
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      lib: ["dom", "esnext"],
      module: "esnext",
      moduleResolution: "bundler",
      jsx: "preserve",
      skipLibCheck: true,
      noEmit: true,
      isolatedModules: true,
      esModuleInterop: true,
      resolveJsonModule: true,
      plugins: [{ name: "next" }],
    },
    include: ["**/*.ts", "**/*.tsx"],
    exclude: ["node_modules"],
  }),
  "src/middleware.ts": `
    import { NextResponse } from "next/server";
    import { captureMessage, withScope } from "otel-sentry-bridge";
    export function middleware() {
      captureMessage("not sent");
      return withScope(() => NextResponse.next());
    }
    export const config = { matcher: ["/orders/:path*", "/boom"] };`,
  "src/app/layout.tsx": `
    export default function Layout({ children }: { children: React.ReactNode }) {
      return <html><body>{children}</body></html>;
    }`,
  "src/app/orders/[id]/page.tsx": `${RENDERED}
    import { setUser } from "otel-sentry-bridge";
    export default async function Page({ params }: { params: Promise<{ id: string }> }) {
      const { id } = await params;
      setUser({ id });
      return <p>{id}</p>;
    }`,
  "src/app/boom/page.tsx": `${RENDERED}
    import { setUser } from "otel-sentry-bridge";
    export default async function Page() {
      setUser({ id: "anna" });
      await Promise.resolve();
      throw new Error("component failed");
    }`,
  "src/app/stream/page.tsx": `${RENDERED}
    import { Suspense } from "react";
    async function Late(): Promise<React.ReactNode> {
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new Error("late component failed");
    }
    export default function Page() {
      return <Suspense fallback={<p>wait</p>}><Late /></Suspense>;
    }`,
  "src/app/api/orders/[id]/route.ts": `
    export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
      return Response.json(await params);
    }`,
  "src/app/api/boom/route.ts": `
    export async function GET(): Promise<Response> {
      throw new Error("route failed");
    }`,
  "src/pages/legacy/[id].tsx": `
    export async function getServerSideProps({ params }: { params: { id: string } }) {
      if (params.id === "boom") throw new Error("props failed");
      return { props: params };
    }
    export default function Page({ id }: { id: string }) {
      return <p>{id}</p>;
    }`,
};

/** Paths that are requested, in order. */
export const PATHS = [
  "/orders/7",
  "/api/orders/8",
  "/api/boom",
  "/boom",
  "/stream",
  "/legacy/3",
  "/legacy/boom",
];

/** Transactions that must arrive, and no others but those of Next.js's own start and its middleware. */
export const TRANSACTIONS = [
  "GET /api/boom",
  "GET /api/orders/[id]",
  "GET /boom",
  "GET /legacy/[id]",
  "GET /legacy/[id]",
  "GET /orders/[id]",
  "GET /stream",
];

/** Errors that must arrive, once each. */
export const ERRORS = ["component failed", "late component failed", "props failed", "route failed"];
