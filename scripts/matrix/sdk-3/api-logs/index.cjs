// API 1.10 has the logs API, which was a package of its own before.
module.exports = require("@opentelemetry/api");
