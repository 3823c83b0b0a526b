// What is requested of `examples/next`, and what must arrive.

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
