const TENANTS = 7;
const ITEMS = 12;

/**
 * The requests of a run. All that a request sets or causes follows from its number, so that each
 * transaction can be checked against the request that made it.
 *
 * @param {number} count
 */
export function makeOrders(count) {
  return Array.from({ length: count }, (_, n) => makeOrder(n));
}

function makeOrder(n) {
  const ship = n % 4 === 0;
  return {
    user: `user-${n}`,
    tenant: `tenant-${n % TENANTS}`,
    body: {
      skus: [0, 1, 2].map((k) => `sku-${((n + k) % ITEMS) + 1}`),
      ship,
      card: n % 20 === 8 ? "expired" : "valid",
    },
  };
}
