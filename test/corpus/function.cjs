// The function of `apps/aws-lambda.mjs`.
exports.handler = async ({ unit }) => {
  const { work } = await import("./kit.mjs");
  return await work(unit);
};
