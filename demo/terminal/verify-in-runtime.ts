// The other half of `npm run verify -- --on deno|bun`: in that runtime, a verdict for each recording.

import process from "node:process";
import { createInterface } from "node:readline";
import { openWithin } from "./limits";
import { verifyRecording } from "./recording";
import { sweepingOn } from "./sweeps";

const { argument, webgpu } = JSON.parse(process.argv[2]!);
if (webgpu) (await import(/* @vite-ignore */ webgpu)).setupGlobals();
const gpu = await openWithin(argument.limits);
console.log(JSON.stringify({ answer: gpu.description }));
for await (const line of createInterface({ input: process.stdin })) {
  const { base64, sweeps } = JSON.parse(line);
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const said = await verifyRecording(bytes, await sweepingOn(gpu, sweeps)).then(
    (answer) => ({ answer }),
    (error: Error) => ({ error: error.message }),
  );
  console.log(JSON.stringify(said));
}
