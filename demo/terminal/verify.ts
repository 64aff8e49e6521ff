// `npm run verify`: computes what recordings describe and prints, a line a file, how far it is from PyTorch's numbers.

import { basename } from "node:path";
import { parseArgs } from "node:util";
import { type Place, places, type Sweeps, verifyingOn } from "./backends";
import { described, kinds, verdictOf } from "./verdict";

const help = `npm run verify -- [options] FILE…

Computes the network of each recording (test/recordings/README.md and test/models/README.md describe the files) and
compares with the numbers that PyTorch recorded. Prints the worst relative error |a − b| / (0.1 + |b|) of outputs, loss, gradients, losses and
parameters after training; at most 1e-4 is ok. Exit code 1 if any file fails.

  --on node|chromium|firefox|reference|onnx  where to compute (default node); onnx: exported, and run by onnxruntime-web
                                             on the processor: outputs and final states
  --schedule fused|unrolled|persistent       how the recurrences are dispatched (default fused); persistent: fused, with
                                             weights that stand still
  --help`;

const schedules: Sweeps[] = ["fused", "unrolled", "persistent"];

export async function main(args: string[]): Promise<number> {
  let options: { on: string; schedule: string; help?: boolean | undefined };
  let files: string[];
  try {
    const parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        on: { type: "string", default: "node" },
        schedule: { type: "string", default: "fused" },
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
  let failures = 0;
  await verifyingOn(options.on as Place, options.schedule as Sweeps, async (verify) => {
    for (const file of files) {
      const { passed, line } = described(await verdictOf(file, verify));
      if (!passed) failures++;
      console.log(`${basename(file, ".safetensors").padEnd(38)} ${line}`);
    }
  });
  console.log(`${files.length - failures} of ${files.length} ok, on ${options.on}, ${options.schedule}`);
  return failures === 0 ? 0 : 1;
}
