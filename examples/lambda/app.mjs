// app.mjs
// Calls the handler as the platform does.
import { handler } from "./handler.mjs";

console.log(await handler({ user: "ada", total: 12 }));
await handler({ user: "bob", total: -1 }).catch(({ message }) => console.log(message));
