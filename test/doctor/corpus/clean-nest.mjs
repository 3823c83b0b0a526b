// Nest on Express: a guard, an interceptor, a controller, and a service with an interval of its own.
import { ROOT_CONTEXT, context } from "@opentelemetry/api";
import { ExpressInstrumentation } from "@opentelemetry/instrumentation-express";

import { bridge, end, instrument, loadServer, require, serve, span } from "./kit.mjs";

instrument(new ExpressInstrumentation());
await import("reflect-metadata");
const {
  Controller,
  Get,
  Injectable,
  Module,
  Param,
  UseGuards,
  UseInterceptors,
} = require("@nestjs/common");
const { NestFactory } = require("@nestjs/core");

// Decorators, called as a compiler does.
function decorate(target, key, decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(target, key);
  for (const decorator of decorators) decorator(target, key, descriptor);
}

class Guard {
  async canActivate() {
    return true;
  }
}
Injectable()(Guard);

class Interceptor {
  intercept(_, next) {
    return next.handle();
  }
}
Injectable()(Interceptor);

const refresh = () => context.with(bridge.forkIsolation(), () => span("refresh", async () => {}));

class Service {
  constructor() {
    this.timer = context.with(ROOT_CONTEXT, () => setInterval(refresh, 20));
  }
  onModuleDestroy() {
    clearInterval(this.timer);
  }
  serve(id) {
    return serve(id);
  }
}
Injectable()(Service);

class Units {
  constructor(service) {
    this.service = service;
  }
  async one(id) {
    await this.service.serve(id);
    return { id };
  }
}
Reflect.defineMetadata("design:paramtypes", [Service], Units);
decorate(Units.prototype, "one", [Get(":id")]);
Param("id")(Units.prototype, "one", 0);
UseGuards(Guard)(Units);
UseInterceptors(Interceptor)(Units);
Controller("units")(Units);

class Application {
  onModuleInit() {}
}
Module({ controllers: [Units], providers: [Service, Guard, Interceptor] })(Application);

const app = await NestFactory.create(Application, { logger: false });
await app.listen(0, "127.0.0.1");
await loadServer(app.getHttpServer().address().port);
await app.close();
await end();
