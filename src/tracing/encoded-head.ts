import { clip } from "../normalize/cut.js";
import { withoutSecrets } from "../semantics/url.js";

/** The local root of a segment, encoded as what a transaction needs of it. */
export interface EncodedHead {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly source: string;
  readonly op: string | undefined;
  /** Members of `contexts.trace`, without braces. */
  readonly traceContext: string;
  /** The members `start_timestamp` and `timestamp`, each with a leading comma. */
  readonly times: string;
  /** A member with a leading comma, or nothing. */
  readonly measurements: string;
  readonly responseStatusCode: number | undefined;
}

const MAX_NAME_LENGTH = 200;

/** The name of a transaction whose head has this description, as Relay takes it; also in sampling contexts. */
export function transactionName(description: string): string {
  return (
    clip(withoutSecrets(description.trim()), MAX_NAME_LENGTH).trim() || "<unlabeled transaction>"
  );
}
