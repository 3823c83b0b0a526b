// What the tests use of `node-schedule`, which has no types of its own.
declare module "node-schedule" {
  export interface ScheduledJob {
    cancel(): boolean;
    on(event: "error", listener: (error: unknown) => void): this;
  }
  interface Schedule {
    scheduleJob(name: string, rule: unknown, job: (fireDate: Date) => unknown): ScheduledJob | null;
    scheduleJob(rule: unknown, job: (fireDate: Date) => unknown): ScheduledJob | null;
    readonly scheduledJobs: Readonly<Record<string, ScheduledJob>>;
  }
  const schedule: Schedule;
  export default schedule;
}
