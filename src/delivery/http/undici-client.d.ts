// Declared here because undici has no types for its internal modules.
declare module "undici/lib/dispatcher/client.js" {
  import type { Client as UndiciClient } from "undici";

  const Client: typeof UndiciClient;
  export default Client;
}
