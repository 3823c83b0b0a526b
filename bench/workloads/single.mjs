// Requests of one span each, so that each envelope has one: the root of `repeat`.
import { startRoot } from "./repeat.mjs";

const turn = () => new Promise((resolve) => setImmediate(resolve));

export async function request(tracer, number) {
  const root = startRoot(tracer, number);
  await turn();
  root.setAttribute("http.response.status_code", 200);
  root.end();
}
