import tls from "node:tls";

import { afterAll, beforeAll } from "vitest";

interface TrustStore {
  getCACertificates?: unknown;
}

/**
 * Has Node trust two of its 140 root certificates only, for the length of a test file: to read all of them takes 30 ms of CPU time
 * for each client with `caCerts`, which is most of what a test with TLS takes. `http-tls.test.ts` has all of them.
 */
export function trustFewRoots(): void {
  const store: TrustStore & typeof tls = tls;
  const own = store.getCACertificates;
  beforeAll(() => {
    store.getCACertificates = () => tls.rootCertificates.slice(0, 2);
  });
  afterAll(() => {
    if (own === undefined) delete store.getCACertificates;
    else store.getCACertificates = own;
  });
}
