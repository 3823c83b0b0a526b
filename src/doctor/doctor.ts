import { startFromEnvironment } from "./run.js";

export { diagnose, startDoctor } from "./diagnose.js";
export type {
  DoctorMode,
  DoctorReport,
  Evidence,
  Fact,
  Finding,
  Library,
  RunReport,
  Severity,
} from "./finding.js";

startFromEnvironment();
