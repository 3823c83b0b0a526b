// prices.mjs
import { createServer } from "node:http";

const server = createServer((request, response) => response.end("12"));
server.listen(process.env.PORT ?? 3001, () => console.log(server.address().port));
