// Adds up the losses of all rows, in a fixed order, and writes the sum to the next place of a ring. Each thread adds up
// runs of 128 of its rows and then the runs, so that rounding grows with their lengths and not with the number of rows.
// `alone`: a dispatch of its own; else one workgroup of slab-sum.wgsl's, before which this then stands.
// CPU twin: src/reference/loss-record.ts
//
// rows, threads, capacity   rows of rowLoss, the one workgroup, places of the ring

@group(0) @binding(0) var<storage, read> rowLoss: array<f32>; // [rows]
@group(0) @binding(1) var<storage, read_write> recorded: array<u32>; // [1]: losses recorded so far
@group(0) @binding(2) var<storage, read_write> ring: array<f32>; // [capacity]

var<workgroup> partial: array<f32, threads>;

fn recordLoss(thread: u32) {
  var sum = 0.0;
  for (var start = thread; start < rows; start += 128u * threads) {
    let end = min(start + 128u * threads, rows);
    var run = 0.0;
    for (var row = start; row < end; row += threads) { run += rowLoss[row]; }
    sum += run;
  }
  partial[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    var total = 0.0;
    for (var i = 0u; i < threads; i++) { total += partial[i]; }
    ring[recorded[0] % capacity] = total;
    recorded[0] += 1u;
  }
}

#if alone
@compute @workgroup_size(threads)
fn lossRecord(@builtin(local_invocation_index) thread: u32) { recordLoss(thread); }
#endif
