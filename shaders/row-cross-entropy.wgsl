// Cross-entropy of some rows of a batch within a cluster of its outputs, one workgroup a row: p = softmax(o), L = −ln p[y], added to
// what the row has already, and dL/do = p − onehot(y) in the place of o. The maximum and the sum of exponentials are found in one
// pass (Milakov and Gimelshein 2018).
// `weighted`: a row counts as much as its weight says.
// CPU twin: src/reference/row-cross-entropy.ts
//
// columns, width    of a row of o, and its stored width in vec4f
// threads, across   the workgroup, and workgroups in x
// count             rows of o

var<storage, read> rows: array<i32>; // [count]: which rows of the batch they are, each once; −1 of none, whose dL/do is 0
var<storage, read> targets: array<i32>; // [count]: y
var<storage, read_write> logits: array<vec4f>; // [count, width]: o, then dL/do
var<uniform> lossScale: f32;
var<storage, read_write> rowLoss: array<f32>; // of the batch
#if weighted
var<storage, read> weights: array<f32>; // of the batch
#endif

var<workgroup> largests: array<f32, threads>;
var<workgroup> sums: array<f32, threads>;
var<workgroup> nans: array<u32, threads>;

fn isFinite(a: vec4f) -> bool { return all((bitcast<vec4u>(a) & vec4u(0x7f800000u)) != vec4u(0x7f800000u)); }

fn isColumn(column: u32) -> vec4<bool> {
  return vec4u(4u * column) + vec4u(0u, 1u, 2u, 3u) < vec4u(columns);
}

@compute @workgroup_size(threads)
fn rowCrossEntropy(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let r = group.x + across * group.y;
  if (r >= count) { return; }
  let row = rows[r];
  let start = r * width;
  if (row < 0) {
    for (var column = thread; column < width; column += threads) { logits[start + column] = vec4f(); }
    return;
  }
  let y = u32(targets[r]);
  let ofTarget = logits[start + y / 4u][y % 4u];
  var largest = ofTarget;
  var sum = 0.0;
  var nan = 0u; // all bits of a NaN once a logit is not finite
  for (var column = thread; column < width; column += threads) {
    let o = select(vec4f(largest), logits[start + column], isColumn(column));
    if (!isFinite(o)) { nan = 0x7fc00000u; }
    let before = largest;
    largest = max(largest, max(max(o.x, o.y), max(o.z, o.w)));
    let terms = select(vec4f(), exp(max(o - largest, vec4f(-100.0))), isColumn(column));
    sum = sum * exp(max(before - largest, -100.0)) + terms.x + terms.y + terms.z + terms.w;
  }
  largests[thread] = largest;
  sums[thread] = sum;
  nans[thread] = nan;
  workgroupBarrier();
  for (var t = 0u; t < threads; t++) { largest = max(largest, largests[t]); }
  var total = 0.0;
  for (var t = 0u; t < threads; t++) {
    total += sums[t] * exp(max(largests[t] - largest, -100.0));
    nan |= nans[t];
  }
  let poison = bitcast<f32>(nan); // 0, or NaN
#if weighted
  let scale = lossScale * weights[row];
#else
  let scale = lossScale;
#endif
  if (thread == 0u) { rowLoss[row] += (log(total) + (largest - ofTarget)) * scale + poison; }
  for (var column = thread; column < width; column += threads) {
    let p = select(vec4f(), exp(max(logits[start + column] - largest, vec4f(-100.0))) / total + poison, isColumn(column));
    let isTarget = vec4u(4u * column) + vec4u(0u, 1u, 2u, 3u) == vec4u(y);
    logits[start + column] = (p - select(vec4f(), vec4f(1.0), isTarget)) * scale;
  }
}
