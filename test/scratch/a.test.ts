import { test } from "vitest";
import { openGpu } from "../../src/gpu/device";
import { Network } from "../../src/network/network";
import { Trainer } from "../../src/training/trainer";
import { sgd } from "../../src/training/optimizers";
import { forward, backward } from "../../src/reference/network";
import { readFloats } from "../../src/gpu/tensor";
import { readValues } from "../../src/network/network";
// @ts-ignore
import { open } from "/work/scratch/lib.mjs";
test("a", async () => {
  const device = await open();
  const gpu = await openGpu({ device });
  for (const schedule of ["fused","unrolled"] as const) for (const [T,B,H,K,readout] of [[3,5,9,7,"every-step"],[64,32,128,64,"every-step"],[7,3,6,5,"last-step"]] as const) {
  const cfg = { cell: "elman", inputs: K, hidden: H, outputs: K, input: "tokens", readout } as const;
  const n = await Network.create(gpu, cfg);
  const t0=performance.now();
  const p = await n.pass({ steps: T, batch: B, gradients: true, probabilities: true, schedule, traceGradients: true });
  const inputs = Int32Array.from({length:T*B},()=>Math.floor(Math.random()*K)), targets=Int32Array.from({length:readout==="every-step"?T*B:B},()=>Math.floor(Math.random()*K));
  p.write({inputs,targets}); p.run();
  const loss = await readFloats(gpu, p.tensors.losses);
  console.log(schedule, T,B,H, "first", performance.now()-t0);
  const t1=performance.now(); for(let i=0;i<3;i++) p.run(); await device.queue.onSubmittedWorkDone(); console.log("per pass", (performance.now()-t1)/3);
  const pv = await n.read(); const params = Object.fromEntries([...pv].map(([k,v])=>[k,Float64Array.from(v.data)])) as any;
  const rc = { ...n.config } as any;
  const f = forward(rc, params, {steps:T,batch:B,inputs,targets}); const g = backward(rc, params, {steps:T,batch:B,inputs,targets}, f);
  console.log(loss[0], f.loss);
  const gv = await readValues(gpu, Object.values(p.gradients!.tensors));
  const err=(a:any,b:any)=>{let e=0,m=0; for(let i=0;i<b.length;i++){e=Math.max(e,Math.abs(a[i]-b[i]));m=Math.max(m,Math.abs(b[i]));} return (e/m).toExponential(1)};
  console.log([...gv].map(([k,v])=>k+" "+err(v.data,(g as any)[k])).join("; "), "h", err(await readFloats(gpu,p.tensors.hidden), f.hidden), "dh", err(await readFloats(gpu,p.tensors.dHidden!), g.hidden), "p", err(await readFloats(gpu,p.tensors.probabilities!), f.probabilities));
  if (T===64 && schedule==="fused") console.log(p.plan.toString());
  }
}, 60000);
