// ln softmax of each row of a matrix, and of a part of its columns written as columns of another: what adaptive softmax is made
// of (Grave et al. 2017). `head`: what is left of each row, the clusters, goes to `clusters`; else the row's cluster is added.
// One workgroup a row; the maximum and the sum of exponentials are found in one pass (Milakov and Gimelshein 2018).
// CPU twin: src/reference/log-softmax.ts
//
// columns, width   of a row of x, and its stored width in vec4f
// count            the columns of x that go to `out`
// outputs, first   the stored width of `out`, and which of its columns the first goes to
// tails, tail      how many clusters there are, and which one it is
// threads          the workgroup
// across           workgroups in x
// rows             of x

var<storage, read> x: array<vec4f>; // [rows, width]
var<storage, read_write> out: array<f32>; // [rows, outputs]
#if head
var<storage, read_write> clusters: array<f32>; // [rows, tails]
#else
var<storage, read> clusters: array<f32>;
#endif

var<workgroup> largests: array<f32, threads>;
var<workgroup> sums: array<f32, threads>;
var<workgroup> nans: array<u32, threads>;

fn isFinite(a: vec4f) -> bool { return all((bitcast<vec4u>(a) & vec4u(0x7f800000u)) != vec4u(0x7f800000u)); }

fn isColumn(column: u32) -> vec4<bool> {
  return vec4u(4u * column) + vec4u(0u, 1u, 2u, 3u) < vec4u(columns);
}

@compute @workgroup_size(threads)
fn logSoftmax(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x + across * group.y;
  if (row >= rows) { return; }
  let start = row * width;
  var largest = x[start].x;
  var sum = 0.0;
  var nan = 0u; // all bits of a NaN once a number is not finite
  for (var column = thread; column < width; column += threads) {
    let o = select(vec4f(largest), x[start + column], isColumn(column));
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
  let logSum = log(total);
#if head
  let base = poison - logSum;
#else
  let base = clusters[row * tails + tail] - logSum + poison;
#endif
  for (var column = thread; column < width; column += threads) {
    let o = x[start + column] - largest;
    for (var i = 0u; i < 4u; i++) {
      let k = 4u * column + i;
      if (k < count) { out[row * outputs + first + k] = o[i] + base; }
#if head
      else if (k < columns) { clusters[row * tails + k - count] = o[i] + base; }
#endif
    }
  }
}
