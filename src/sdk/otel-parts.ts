import type { SentryClient } from "../client/client.js";
import type { ClientOptions } from "../options/options.js";
import { ClientSpanProcessor } from "../otel/span-processor.js";
import { clientOf } from "./create-client.js";

/**
 * An OTel `SpanProcessor` (SDK 2.x and 3.x) that turns the spans of your provider into Sentry
 * transactions. Register it beside the processors you have; it changes nothing for them.
 *
 * Takes the options of a client, which it creates and closes on `shutdown`, or a client of yours.
 * Throws an `OptionsError` when an option is wrong; its methods never throw.
 */
export class SentrySpanProcessor extends ClientSpanProcessor {
  constructor(optionsOrClient?: ClientOptions | SentryClient) {
    const { client, isNew } = clientOf(optionsOrClient);
    super(client, isNew);
  }
}
