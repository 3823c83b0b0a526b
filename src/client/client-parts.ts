import type { OwnCall } from "../support/own-call.js";
import type { Pressure } from "../trace/backpressure.js";
import type { DeliveryCounts } from "./delivery-stats.js";
import type { BuilderParts } from "./envelope-builder.js";
import type { OutboxParts } from "./outbox.js";

/** What a client is made of. */
export interface ClientParts extends BuilderParts, OutboxParts {
  /** What the parts of the delivery count. */
  readonly deliveryCounts?: (() => DeliveryCounts) | undefined;
  /** How hard the way to the server is pressed. Default: not at all. */
  readonly pressure?: Pressure | undefined;
  /** Called once the client is closed. */
  readonly onClosed?: (() => void) | undefined;
  /** Runs a hook. */
  readonly runHook?: (<T>(run: () => T) => T) | undefined;
  /** The call of the application's code that the active code runs in. Default: as far as it is synchronous. */
  readonly activeOwnCall?: (() => OwnCall | undefined) | undefined;
}
