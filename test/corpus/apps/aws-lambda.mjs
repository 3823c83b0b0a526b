// instrumentations: aws-lambda
import { createRequire } from "node:module";

import { all, end } from "../kit.mjs";

// The platform names the function by these variables, and calls it one event at a time. Several at once are the harder case.
const { handler } = createRequire(import.meta.url)(`${process.env.LAMBDA_TASK_ROOT}/function.cjs`);
await all((unit) =>
  handler(
    { unit },
    {
      functionName: "corpus",
      awsRequestId: String(unit),
      invokedFunctionArn: "arn:aws:lambda:eu-west-1:123456789012:function:corpus",
    },
  ),
);
await end();
