import { Agent, request } from "node:http";

/** How requests are sent. */
export interface Load {
  readonly port: number;
  readonly ids: readonly string[];
  /** Headers of a request, by the number of it. */
  readonly headersOf: (index: number) => Readonly<Record<string, string>>;
  /** Whether the client goes away before it has sent all of its body. */
  readonly isAborted: (index: number) => boolean;
}

/** Sends requests at the same time over kept connections, twice; resolves to the ids that were answered. */
export async function sendLoad(load: Load): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.ids.length });
  try {
    const half = Math.ceil(load.ids.length / 2);
    const first = await sendAll(agent, load, [0, half]);
    return [...first, ...(await sendAll(agent, load, [half, load.ids.length]))];
  } finally {
    agent.destroy();
  }
}

async function sendAll(
  agent: Agent,
  load: Load,
  [from, to]: readonly [number, number],
): Promise<string[]> {
  const answers = await Promise.all(
    load.ids.slice(from, to).map((id, index) => sendOne(agent, load, { id, index: from + index })),
  );
  return answers.filter((answer) => answer !== undefined);
}

function sendOne(
  agent: Agent,
  load: Load,
  { id, index }: { id: string; index: number },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = request({
      agent,
      port: load.port,
      host: "127.0.0.1",
      method: "POST",
      path: `/${id}`,
      headers: { ...load.headersOf(index), "content-length": String(id.length) },
    });
    sent.on("error", () => resolve(undefined));
    sent.on("response", (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve(text === id ? id : undefined));
      response.on("error", () => resolve(undefined));
    });
    sent.write(id.slice(0, 1));
    if (load.isAborted(index)) setTimeout(() => sent.destroy(), 5);
    else setTimeout(() => sent.end(id.slice(1)), index % 5);
  });
}
