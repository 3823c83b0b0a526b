const page = (text, name) => ({ text, link: `/docs/${name}` });

/** The configuration of VitePress; dead links fail the build, which is its default. */
const config = {
  title: "otel-sentry-bridge",
  description: "Sends the spans of your own OpenTelemetry pipeline to Sentry as transactions",
  srcDir: "pages",
  outDir: "dist",
  cleanUrls: true,
  rewrites: { "README.md": "index.md", ":folder/README.md": ":folder/index.md" },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    sidebar: [
      {
        text: "Start",
        items: [
          { text: "Your first trace", link: "/" },
          page("Set-up", "set-up"),
          page("Options", "options"),
          page("Migrating", "migrating"),
        ],
      },
      {
        text: "Use",
        items: [
          page("Traces", "tracing"),
          page("Errors, crons, logs", "errors"),
          page("Privacy", "privacy"),
          page("Delivery", "delivery"),
          page("Testing", "testing"),
          page("Serverless", "serverless"),
          page("Next.js", "nextjs"),
          { text: "Examples", link: "/examples/" },
        ],
      },
      {
        text: "Find faults",
        items: [
          page("Troubleshooting", "troubleshooting"),
          page("Doctor", "doctor"),
          page("Inbox", "inbox"),
        ],
      },
      {
        text: "Know",
        items: [
          page("Compatibility", "compatibility"),
          page("Performance", "performance"),
          page("Architecture", "ARCHITECTURE"),
          page("Reasons", "RATIONALE"),
          { text: "Reference", link: "/reference/" },
          { text: "Changes", link: "/CHANGELOG" },
        ],
      },
    ],
  },
};

export default config;
