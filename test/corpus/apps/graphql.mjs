// instrumentations: http, graphql
import { createServer } from "node:http";
import { buildSchema, graphql } from "graphql";

import { end, requestAll, work } from "../kit.mjs";

const schema = buildSchema("type Query { unit(id: Int!): Int }");
const rootValue = { unit: async ({ id }) => (await work(id)).unit };
const server = createServer(async (request, response) => {
  const id = Number(request.url.split("/").at(-1));
  const result = await graphql({ schema, rootValue, source: `query GetUnit { unit(id: ${id}) }` });
  response.end(JSON.stringify(result));
}).listen(0, "127.0.0.1", async () => {
  await requestAll(server.address().port);
  await end();
});
