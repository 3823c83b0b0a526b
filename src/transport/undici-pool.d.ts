// Typed here because the package has no types for its inner modules.
declare module "undici/lib/dispatcher/pool.js" {
  import type { Pool as UndiciPool } from "undici";

  const Pool: typeof UndiciPool;
  export default Pool;
}
