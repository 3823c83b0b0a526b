export async function GET(): Promise<Response> {
  throw new Error("route failed");
}
