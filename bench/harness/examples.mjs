// What tracing takes at some loads, from the figures of two benches.
const EXAMPLES = [
  { load: "100 requests per second of 20 spans, all sampled", spans: 2000, sampled: 1 },
  { load: "200 requests per second of 30 spans, all sampled", spans: 6000, sampled: 1 },
  { load: "200 requests per second of 30 spans, 10 % sampled", spans: 6000, sampled: 0.1 },
];

/** Returns a table of the part of one core that tracing takes, given the tables of `span-cost` and of `unsent-spans`. */
export function exampleTable(spanCost, unsentSpans) {
  const sent = rangeOf(
    ["repeat, saturated", "real, paced"].map((title) => bridgeIn(spanCost, title)),
  );
  const sampledOut = unsentSpans[0].rows.filter((row) => row.case.startsWith("sampled out"));
  const unsent = rangeOf(sampledOut.map((row) => Number(row.µs)));
  const rows = EXAMPLES.map(({ load, spans, sampled }) => {
    const percent = (end) =>
      ((spans * (sampled * sent[end] + (1 - sampled) * unsent[end])) / 1e6) * 100;
    return { load, "% of one core": [0, 1].map((end) => percent(end).toFixed(1)).join("-") };
  });
  const title = `A sent span at ${sent.join("-")} µs and a sampled-out span at ${unsent.join("-")} µs`;
  return { title, rows, load: spanCost[0].load, goals: [], faults: [] };
}

const rangeOf = (figures) => [Math.min(...figures), Math.max(...figures)];

function bridgeIn(tables, title) {
  const { rows } = tables.find((table) => table.title.startsWith(title));
  return Number(rows.find((row) => row.case === "bridge")["above floor"]);
}
