// `npm run verify`: computes what recordings describe and prints, a line a file, how far it is from PyTorch's numbers.

import { basename } from "node:path";
import { parseArgs } from "node:util";
import { type Place, places, type Verify, verifyingOn } from "./backends";
import { type LimitKind, limitKinds } from "./limits";
import type { Sweeps } from "./sweeps";
import { described, kinds, verdictOf } from "./verdict";

const help = `npm run verify -- [options] FILE…

Computes the network of each recording (test/recordings/README.md and test/models/README.md describe the files) and
compares with the numbers that PyTorch recorded. Prints the worst relative error |a − b| / (0.1 + |b|) of outputs, loss, gradients, losses and
parameters after training; at most 1e-4 is ok. Exit code 1 if any file fails.

  --on node|chromium|firefox|deno|bun|reference|onnx  where to compute (default node); onnx: exported, and run by
                                             onnxruntime-web on the processor: outputs and final states
  --schedule fused|unrolled|wavefront|persistent  how the recurrences are dispatched (default fused); persistent: fused, with
                                             weights that stand still; wavefront: stacked layers at once, where that applies
  --limits adapter|default|compatibility     what the device has (default adapter: what it gives); default: WebGPU's own limits and
                                             no feature; compatibility: those of compatibility mode
  --help`;

const schedules: Sweeps[] = ["fused", "unrolled", "wavefront", "persistent"];

export async function main(args: string[]): Promise<number> {
  let options: { on: string; schedule: string; limits: string; help?: boolean | undefined };
  let files: string[];
  try {
    const parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        on: { type: "string", default: "node" },
        schedule: { type: "string", default: "fused" },
        limits: { type: "string", default: "adapter" },
        help: { type: "boolean" },
      },
    });
    options = parsed.values;
    files = parsed.positionals;
    if (!(places as readonly string[]).includes(options.on)) {
      throw new Error(`--on is "${options.on}", expected ${places.join(", ")}`);
    }
    if (!(schedules as string[]).includes(options.schedule)) {
      throw new Error(`--schedule is "${options.schedule}", expected ${schedules.join(", ")}`);
    }
    if (!(limitKinds as readonly string[]).includes(options.limits)) {
      throw new Error(`--limits is "${options.limits}", expected ${limitKinds.join(", ")}`);
    }
    if (options.limits !== "adapter" && ["reference", "onnx"].includes(options.on)) {
      throw new Error(`--limits are of a device, which --on ${options.on} has not; leave them out`);
    }
    if (files.length === 0 && !options.help) throw new Error("no files; give recordings, as test/models/*.safetensors");
  } catch (error) {
    console.error(`verify: ${(error as Error).message}; see npm run verify -- --help.`);
    return 2;
  }
  if (options.help) {
    console.log(help);
    return 0;
  }
  console.log(["name".padEnd(38), ...kinds.map((kind) => kind.padStart(10))].join(" "));
  const { on, schedule, limits } = options;
  let [agree, apply] = [0, 0];
  const verifyAll = async (verify: Verify) => {
    for (const file of files) {
      const { passed, applies, line } = described(await verdictOf(file, verify));
      if (passed) agree++;
      if (applies) apply++;
      console.log(`${basename(file, ".safetensors").padEnd(38)} ${line}`);
    }
  };
  await verifyingOn(on as Place, schedule as Sweeps, verifyAll, limits as LimitKind);
  const others = apply < files.length ? `; to ${files.length - apply} more ${schedule} does not apply` : "";
  const within = limits === "adapter" ? "" : `, ${limits} limits`;
  console.log(`${agree} of ${apply} ok, on ${on}, ${schedule}${within}${others}`);
  return agree === apply && apply > 0 ? 0 : 1;
}
