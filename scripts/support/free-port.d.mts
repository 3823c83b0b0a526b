/** Returns a port of the loopback interface that nothing listens on. */
export function freePort(): Promise<string>;
