import { detectResources, hostDetector, osDetector } from "@opentelemetry/resources";
import { describe, expect, it } from "vitest";

import { resourceContexts } from "../../src/semantics/resource-contexts.js";

// Fields' names: Relay's `OsContext`, `DeviceContext` and `CloudResourceContext`.
describe("the contexts of a resource", () => {
  it.each<[string, Record<string, unknown>, object]>([
    [
      "Node's osDetector (@opentelemetry/resources 2)",
      { "os.type": "linux", "os.version": "6.8.0-52-generic" },
      { os: { name: "Linux", version: "6.8.0-52-generic" } },
    ],
    [
      "an OS with a name of its own",
      {
        "os.type": "linux",
        "os.name": "Ubuntu",
        "os.version": "24.04",
        "os.build_id": "b1",
        "os.description": "Ubuntu 24.04 LTS",
      },
      {
        os: {
          name: "Ubuntu",
          version: "24.04",
          build: "b1",
          raw_description: "Ubuntu 24.04 LTS",
        },
      },
    ],
    ["an OS that no table knows", { "os.type": "haiku" }, { os: { name: "haiku" } }],
    ["a Mac, by its kernel", { "os.type": "darwin" }, { os: { name: "Darwin" } }],
    ["Windows by Node's name", { "os.type": "win32" }, { os: { name: "Windows" } }],
    [
      "a host outside of clouds",
      { "host.name": "web-1", "host.arch": "amd64", "host.id": "f00d", "host.type": "t" },
      { device: { name: "web-1", arch: "amd64" } },
    ],
    [
      "a device",
      {
        "device.id": "d",
        "device.manufacturer": "Acme",
        "device.model.identifier": "A1",
        "device.model.name": "Anvil",
        "host.cpu.model.name": "Z80",
      },
      {
        device: {
          device_unique_identifier: "d",
          manufacturer: "Acme",
          model_id: "A1",
          model: "Anvil",
          cpu_description: "Z80",
        },
      },
    ],
    [
      "an EC2 instance (@opentelemetry/resource-detector-aws)",
      {
        "cloud.provider": "aws",
        "cloud.platform": "aws_ec2",
        "cloud.account.id": "123456789012",
        "cloud.region": "eu-west-1",
        "cloud.availability_zone": "eu-west-1a",
        "host.id": "i-0abc",
        "host.type": "m5.large",
        "host.name": "ip-10-0-0-1",
      },
      {
        device: { name: "ip-10-0-0-1" },
        cloud_resource: {
          "cloud.provider": "aws",
          "cloud.platform": "aws_ec2",
          "cloud.account.id": "123456789012",
          "cloud.region": "eu-west-1",
          "cloud.availability_zone": "eu-west-1a",
          "host.id": "i-0abc",
          "host.type": "m5.large",
        },
      },
    ],
    [
      "a function",
      { "cloud.resource_id": "arn:aws:lambda:eu-west-1:1:function:f" },
      { cloud_resource: { "cloud.resource_id": "arn:aws:lambda:eu-west-1:1:function:f" } },
    ],
    ["a resource with nothing of them", { "service.name": "shop" }, {}],
    ["values of the wrong types", { "os.type": 1, "host.arch": ["x"], "cloud.region": "" }, {}],
  ])("are right for %s", (_what, attributes, contexts) => {
    expect(resourceContexts(attributes)).toEqual(contexts);
  });

  it("have the operating system and the architecture of this machine with the SDK's detectors", () => {
    const { attributes } = detectResources({ detectors: [osDetector, hostDetector] });
    expect(resourceContexts(attributes)).toMatchObject({
      os: { version: expect.any(String) as string },
      device: { arch: expect.any(String) as string },
    });
  });
});
