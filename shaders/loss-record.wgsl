// Adds up the losses of all rows, in a fixed order, and writes the sum to the next place of a ring. Each thread adds up
// runs of 128 vec4f and then the runs, so that rounding grows with their lengths and not with the number of rows.
// `onItsOwn`: a dispatch of its own; else one workgroup of slab-sum.wgsl's, before which this then stands.
// `noted`: a loss that is not finite is noted; finite-check.wgsl stands in front.
// `oneThread`: by one thread, without a barrier, which every workgroup of a dispatch would pay for on software adapters.
// CPU twin: src/reference/loss-record.ts
//
// rows, threads, capacity   vec4f of rowLoss, the one workgroup, places of the ring

var<storage, read> rowLoss: array<vec4f>; // [rows]
var<storage, read_write> recorded: array<u32>; // [1]: losses recorded so far
var<storage, read_write> ring: array<f32>; // [capacity]

fn sumOfEvery(stride: u32, first: u32) -> vec4f {
  var sum = vec4f();
  for (var start = first; start < rows; start += 128u * stride) {
    let end = min(start + 128u * stride, rows);
    var run = vec4f();
    for (var row = start; row < end; row += stride) { run += rowLoss[row]; }
    sum += run;
  }
  return sum;
}

fn record(total: vec4f) {
  let loss = total.x + total.y + total.z + total.w;
  ring[recorded[0] % capacity] = loss;
#if noted
  noteNotFinite(magnitudes(vec4f(loss)), step[0]);
#endif
  recorded[0] += 1u;
}

#if oneThread
fn recordLoss(thread: u32) {
  if (thread == 0u) { record(sumOfEvery(1u, 0u)); }
}
#else
var<workgroup> partial: array<vec4f, threads>;

fn recordLoss(thread: u32) {
  partial[thread] = sumOfEvery(threads, thread);
  workgroupBarrier();
  if (thread == 0u) {
    var total = vec4f();
    for (var i = 0u; i < threads; i++) { total += partial[i]; }
    record(total);
  }
}
#endif

#if onItsOwn
@compute @workgroup_size(threads)
fn lossRecord(@builtin(local_invocation_index) thread: u32) { recordLoss(thread); }
#endif
