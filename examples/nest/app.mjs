// app.mjs
// In TypeScript, `@Controller("users") class Users { @Get(":id") find(@Param("id") id: string) { … } }`.
import { Controller, Get, Module, Param } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { captureHandlerError, setUser } from "otel-sentry-bridge";
import { tap } from "rxjs";

class Users {
  find(id) {
    setUser({ id });
    if (id === "7") throw new Error("user 7 has no address");
    return { id };
  }
}
const { prototype } = Users;
Controller("users")(Users);
Get(":id")(prototype, "find", Object.getOwnPropertyDescriptor(prototype, "find"));
Param("id")(prototype, "find", 0);

// Nest answers errors itself, so Express's instrumentation does not see them.
class ReportErrors {
  intercept(_context, next) {
    return next.handle().pipe(tap({ error: (error) => void captureHandlerError(error) }));
  }
}

class Shop {
  name = "shop";
}
Module({ controllers: [Users] })(Shop);

const app = await NestFactory.create(Shop, { logger: false });
app.useGlobalInterceptors(new ReportErrors());
await app.listen(process.env.PORT ?? 3000);
console.log(app.getHttpServer().address().port);
