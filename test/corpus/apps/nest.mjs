// instrumentations: http, express, nestjs-core
import { Controller, Get, Module, Param } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";

import { end, requestAll, work } from "../kit.mjs";

class Units {
  find(id) {
    return work(Number(id));
  }
}
const method = Object.getOwnPropertyDescriptor(Units.prototype, "find");
Controller("units")(Units);
Get(":id")(Units.prototype, "find", method);
Param("id")(Units.prototype, "find", 0);

class Application {
  name = "corpus";
}
Module({ controllers: [Units] })(Application);

const app = await NestFactory.create(Application, { logger: false });
await app.listen(0, "127.0.0.1");
await requestAll(app.getHttpServer().address().port);
await end();
